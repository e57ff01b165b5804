with as_of as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

customers as (

    select * from {{ ref('customers') }}
    where frequency > 0

),

-- What is known at the date: orders that are net then.
orders as (

    select
        states.customer_id,
        states.order_date
    from {{ ref('int_order_states_scd2') }} as states
    inner join as_of
        on {{ is_valid_on('states', 'as_of.as_of_date') | indent(12) }}
    where states.is_net

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
