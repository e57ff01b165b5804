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
        and is_cancellation

),

matches as (

    select
        cancellation_row,
        sum(units) as matched_quantity
    from {{ ref('int_cancellations_matched') }}
    group by 1

)

select
    transactions.input_row,
    transactions.invoice_id,
    transactions.product_id,
    transactions.customer_id,
    cast(-transactions.quantity as decimal(18, 3)) as quantity,
    cast(coalesce(matches.matched_quantity, 0) as decimal(18, 3)) as matched_quantity,
    cast(-transactions.quantity - coalesce(matches.matched_quantity, 0) as decimal(18, 3)) as unmatched_quantity,
    transactions.ordered_at as cancelled_at
from transactions
left join matches
    on transactions.input_row = matches.cancellation_row
