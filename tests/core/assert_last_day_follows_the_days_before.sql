-- A last day a quarter of a year or more after all others looks like a slip of the pen, and would
-- make every customer look lost. It only warns: a shop may really have been closed.
{{ config(severity='warn', tags='refresh') }}

with days as (

    select
        order_date,
        lag(order_date) over (order by order_date) as previous_date
    from {{ ref('orders') }}
    group by order_date

)

select
    order_date,
    previous_date
from days
where
    order_date = (select max(all_days.order_date) from days as all_days)
    and order_date - previous_date > 90
