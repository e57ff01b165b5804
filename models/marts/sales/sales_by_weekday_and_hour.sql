with orders as (

    select * from {{ ref('int_shop_orders') }}

),

sales as (

    select
        weekday_number,
        hour_of_day,
        {{ sales_totals() }}
    from orders
    group by 1, 2

),

weekdays as (

    {{ weekdays() }}  -- noqa: AL05

),

hours as (

    {{ hours('sales') | indent(4) }}

)

select
    weekdays.weekday_number,
    weekdays.weekday,
    hours.hour_of_day,
    {{ sales_of('sales') }}
from weekdays
cross join hours
left join sales
    on
        weekdays.weekday_number = sales.weekday_number
        and hours.hour_of_day = sales.hour_of_day
order by 1, 3
