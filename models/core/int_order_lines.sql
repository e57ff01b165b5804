{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='fail',
) }}

with transactions as (

    select * from {{ lines_to_process() }}
    where
        rejection_reason is null
        and not is_cancellation

),

matches as (

    select
        sale_row,
        sum(units) as cancelled_quantity,
        sum(amount) as cancelled_amount
    from {{ ref('int_cancellation_matches') }}
    where {{ is_changed() | indent(4) }}
    group by 1

)

select
    transactions.input_row,
    transactions.invoice_id,
    transactions.product_id,
    transactions.customer_id,
    transactions.country,
    transactions.quantity,
    cast(coalesce(matches.cancelled_quantity, 0) as decimal(18, 3)) as cancelled_quantity,
    transactions.unit_price,
    transactions.gross_amount,
    cast(coalesce(matches.cancelled_amount, 0) as decimal(18, 2)) as cancelled_amount,
    cast(transactions.gross_amount - coalesce(matches.cancelled_amount, 0) as decimal(18, 2))
        as revenue,
    transactions.ordered_at,
    -- The order is of the day of its first line, also where lines were added on later days.
    cast(
        min(transactions.ordered_at) over (
            partition by transactions.customer_id, transactions.invoice_id
        ) as date
    ) as order_date
from transactions
left join matches
    on transactions.input_row = matches.sale_row
