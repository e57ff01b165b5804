-- The last step of the summary leaves what the order lines hold after cancellations.
with last_step as (

    select * from {{ ref('cleaning_summary') }}
    where step = 'taken back'

),

order_lines as (

    select
        count(*) as kept_rows,
        coalesce(sum(quantity - cancelled_quantity), 0) as units,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('order_lines') }}

)

select
    last_step.*,
    order_lines.*
from last_step
inner join order_lines
    on
        last_step.rows_after <> order_lines.kept_rows
        or last_step.units_after <> order_lines.units
        or last_step.amount_after <> order_lines.revenue
