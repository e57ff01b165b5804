with as_of_dates as (

    select distinct as_of_date from {{ ref('int_as_of_dates') }}

),

order_days as (

    select * from {{ ref('int_order_events_daily') }}

),

-- Only what happened up to the date is known at the date.
orders_known as (

    select
        as_of_dates.as_of_date,
        order_days.customer_id,
        order_days.invoice_id,
        min(order_days.event_date) as order_date,
        min(order_days.country) as country,
        sum(order_days.units) as units,
        sum(order_days.amount) as amount
    from as_of_dates
    inner join order_days
        on as_of_dates.as_of_date >= order_days.event_date
    group by 1, 2, 3

),

customers as (

    select
        as_of_date,
        customer_id,
        max_by(country, (order_date, invoice_id)) filter (where country is not null) as country,
        count(*) as orders_placed,
        count(*) filter (where units > 0) as frequency,
        sum(amount) as monetary,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        max(order_date) filter (where units > 0) as last_net_order_date
    from orders_known
    group by 1, 2

)

select
    as_of_date,
    customer_id,
    country,
    orders_placed,
    frequency,
    cast(monetary as decimal(18, 2)) as monetary,
    cast(as_of_date - last_net_order_date as integer) as recency_days,
    first_order_date,
    last_order_date,
    last_net_order_date
from customers
