-- The matched units of each sale and each cancellation are the sum of its matches, and never more
-- than it has.
with matched_by_sale as (

    select
        sale_row,
        sum(units) as units,
        sum(amount) as amount
    from {{ ref('cancellation_matches') }}
    group by 1

),

matched_by_cancellation as (

    select
        cancellation_row,
        sum(units) as units
    from {{ ref('cancellation_matches') }}
    group by 1

)

select
    'sale' as side,
    order_lines.input_row
from {{ ref('order_lines') }} as order_lines
full outer join matched_by_sale
    on order_lines.input_row = matched_by_sale.sale_row
where
    order_lines.input_row is null
    or order_lines.cancelled_quantity <> coalesce(matched_by_sale.units, 0)
    or order_lines.cancelled_amount <> coalesce(matched_by_sale.amount, 0)
    or order_lines.cancelled_quantity > order_lines.quantity
    or order_lines.cancelled_amount > order_lines.gross_amount

union all

select
    'cancellation' as side,
    cancellations.input_row
from {{ ref('cancellations') }} as cancellations
full outer join matched_by_cancellation
    on cancellations.input_row = matched_by_cancellation.cancellation_row
where
    cancellations.input_row is null
    or cancellations.matched_quantity <> coalesce(matched_by_cancellation.units, 0)
    or cancellations.matched_quantity + cancellations.unmatched_quantity <> cancellations.quantity
