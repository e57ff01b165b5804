with orders as (

    select
        count(*) as orders,
        sum(units - cancelled_units) as units,
        sum(revenue) as revenue,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from {{ ref('orders') }}

),

customers as (

    select
        count(*) as customers,
        count(*) filter (where frequency > 1) as repeat_customers,
        count(*) filter (where frequency > 0) as customers_with_an_order,
        max(as_of_date) as as_of_date
    from {{ ref('customers') }}

)

select
    1 as shop,
    customers.customers,
    customers.repeat_customers,
    customers.customers_with_an_order,
    orders.orders,
    cast(coalesce(orders.units, 0) as decimal(18, 3)) as units,
    cast(coalesce(orders.revenue, 0) as decimal(18, 2)) as revenue,
    orders.first_order_date,
    orders.last_order_date,
    customers.as_of_date
from orders
cross join customers
