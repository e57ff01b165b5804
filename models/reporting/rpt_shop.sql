with orders as (

    select * from {{ ref('orders') }}

),

customers as (

    select * from {{ ref('customers') }}

),

order_totals as (

    select
        count(*) as order_count,
        sum(units - cancelled_units) as units,
        sum(revenue) as revenue,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from orders

),

customer_totals as (

    select
        count(*) as customer_count,
        count(*) filter (where frequency > 1) as repeat_customer_count,
        count(*) filter (where frequency > 0) as net_customer_count,
        max(as_of_date) as as_of_date
    from customers

)

select
    1 as shop,
    customer_totals.customer_count,
    customer_totals.repeat_customer_count,
    customer_totals.net_customer_count,
    order_totals.order_count,
    cast(coalesce(order_totals.units, 0) as decimal(18, 3)) as units,
    cast(coalesce(order_totals.revenue, 0) as decimal(18, 2)) as revenue,
    order_totals.first_order_date,
    order_totals.last_order_date,
    customer_totals.as_of_date
from order_totals
cross join customer_totals
