{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='fail',
) }}

-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ lines_to_process() }}
    where
        rejection_reason is null
        and not is_cancellation

),

{{ lines_of_orders('transactions') }},  -- noqa: PRS, LT01

matches as (

    select
        sale_row,
        sum(units) as cancelled_quantity,
        sum(amount) as cancelled_amount
    from {{ ref('int_cancellation_matches') }}
    where {{ is_changed() | indent(4) }}
    group by 1

),

joined as (

    select
        lines_of_orders.*,
        coalesce(matches.cancelled_quantity, 0) as cancelled_quantity,
        coalesce(matches.cancelled_amount, 0) as cancelled_amount
    from lines_of_orders
    left join matches
        on lines_of_orders.input_row = matches.sale_row

)

select
    input_row,
    invoice_id,
    invoice_number,
    product_id,
    customer_id,
    country,
    quantity,
    cast(cancelled_quantity as decimal(18, 3)) as cancelled_quantity,
    unit_price,
    gross_amount,
    cast(cancelled_amount as decimal(18, 2)) as cancelled_amount,
    cast(gross_amount - cancelled_amount as decimal(18, 2)) as revenue,
    ordered_at,
    -- The order is of the day of its first line, also where lines were added on later days.
    order_date
from joined
