with line_totals as (

    select
        coalesce(sum(quantity), 0) as units,
        coalesce(sum(revenue), 0) as revenue,
        count(*) as line_count
    from {{ ref('order_lines') }}

),

order_totals as (

    select
        coalesce(sum(units), 0) as units,
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(line_count), 0) as line_count
    from {{ ref('orders') }}

)

select
    line_totals.*,
    order_totals.*
from line_totals
inner join order_totals
    on
        line_totals.units <> order_totals.units
        or line_totals.revenue <> order_totals.revenue
        or line_totals.line_count <> order_totals.line_count
