with orders as (

    select * from {{ ref('int_shop_orders') }}

),

sales as (

    select
        hour_of_day,
        {{ sales_totals() }},
        -- An hour without orders, such as on a closed day, doesn't count.
        count(distinct order_date) filter (where not is_anonymous) as days_with_orders
    from orders
    group by 1

),

hours as (

    {{ hours('sales') | indent(4) }}

)

select
    hours.hour_of_day,
    {{ sales_of('sales') }},
    sales.order_count / nullif(sales.days_with_orders, 0) as mean_orders_per_hour
from hours
left join sales
    on hours.hour_of_day = sales.hour_of_day
order by 1
