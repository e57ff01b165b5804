with orders as (

    select * from {{ ref('int_shop_orders') }}

),

sales as (

    select
        weekday_number,
        {{ sales_totals() }}
    from orders
    group by 1

),

weekdays as (

    {{ weekdays() }}  -- noqa: AL05

)

select
    weekdays.weekday_number,
    weekdays.weekday,
    {{ sales_of('sales') }}
from weekdays
left join sales
    on weekdays.weekday_number = sales.weekday_number
order by 1
