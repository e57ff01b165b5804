with as_of as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

customers as (

    select * from {{ ref('customers') }}
    where frequency > 0

),

-- What is known at the date: orders that are not cancelled whole by then.
orders as (

    select
        order_days.customer_id,
        order_days.invoice_id,
        min(order_days.event_date) as order_date
    from {{ ref('int_order_events_daily') }} as order_days
    inner join as_of
        on order_days.event_date <= as_of.as_of_date
    group by 1, 2
    having sum(order_days.units) > 0

),

order_days as (

    select distinct
        customers.as_of_date,
        customers.customer_id,
        customers.detailed_segment as segment,
        orders.order_date
    from orders
    inner join customers
        on orders.customer_id = customers.customer_id

),

{{ typical_gaps('order_days') }}

select
    customers.customer_id,
    customers.detailed_segment,
    typical_gaps.gap_basis,
    customers.recency_days,
    typical_gaps.typical_gap_days,
    customers.recency_days - typical_gaps.typical_gap_days as days_overdue,
    customers.monetary,
    customers.last_net_order_date + typical_gaps.typical_gap_days + 1 as alert_date,
    customers.as_of_date
from customers
inner join typical_gaps
    on customers.customer_id = typical_gaps.customer_id
where customers.recency_days > typical_gaps.typical_gap_days
