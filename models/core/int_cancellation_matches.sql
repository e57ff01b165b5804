{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='fail',
) }}

-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ lines_to_process() }}
    where rejection_reason is null

),

-- Without a product nothing shows which sale is cancelled: such cancellations stay unmatched.
lines_of_products as (

    select * from transactions
    where product_id is not null

),

{{ stock_movements('lines_of_products') }},

{{ matched_units('stock_movements') }},

cancellations as (

    select * from transactions
    where is_cancellation

),

sold as (

    select * from transactions
    where not is_cancellation

),

{{ lines_of_orders('sold') }},  -- noqa: PRS, LT01

joined as (

    select
        matched_units.cancellation_row,
        matched_units.sale_row,
        cancellations.invoice_id as cancellation_invoice_id,
        sales.invoice_id as sale_invoice_id,
        sales.customer_id,
        sales.product_id,
        matched_units.units,
        sales.quantity as sale_quantity,
        sales.unit_price,
        sales.gross_amount,
        sales.ordered_at,
        cancellations.ordered_at as cancelled_at,
        sum(matched_units.units) over (
            partition by matched_units.sale_row
            order by matched_units.movement_number
            rows between unbounded preceding and current row
        ) as units_so_far
    from matched_units
    inner join cancellations
        on matched_units.cancellation_row = cancellations.input_row
    inner join lines_of_orders as sales
        on matched_units.sale_row = sales.input_row

),

-- What is cancelled so far, in whole pennies. The last unit gets what is left of the line, so that
-- a line that is cancelled whole is worth exactly nothing.
amounts as (

    select
        *,
        case
            when units_so_far = sale_quantity then gross_amount
            else least(gross_amount, cast(units_so_far * unit_price as decimal(18, 2)))
        end as amount_so_far,
        case
            when units_so_far = units then 0
            else least(gross_amount, cast((units_so_far - units) * unit_price as decimal(18, 2)))
        end as amount_before
    from joined

)

select
    cancellation_row,
    sale_row,
    cancellation_invoice_id,
    sale_invoice_id,
    customer_id,
    product_id,
    units,
    cast(amount_so_far - amount_before as decimal(18, 2)) as amount,
    ordered_at,
    cancelled_at
from amounts
