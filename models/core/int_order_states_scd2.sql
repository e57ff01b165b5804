{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='sync_all_columns',
) }}

-- The one place that decides what an order is as of a date. Each day's events make a state that
-- holds until the next day with events. No row dated later than a state is part of it.
with order_events as (

    select * from {{ ref('int_order_events_daily') }}
    where {{ is_changed() | indent(4) }}

),

-- Nearly all orders have one day: figures are added up only where there are several.
orders_of_several_days as (

    select
        customer_id,
        invoice_id
    from order_events
    group by 1, 2
    having count(*) > 1

),

running as (

    select
        order_events.customer_id,
        order_events.invoice_id,
        order_events.event_date as valid_from,
        lead(order_events.event_date) over by_day - 1 as valid_until,
        min(order_events.event_date) over so_far as order_date,
        min(order_events.country) over so_far as country,
        sum(order_events.units) over so_far as units,
        sum(order_events.amount) over so_far as amount,
        sum(order_events.cancelled_units) over so_far as cancelled_units,
        sum(order_events.cancelled_amount) over so_far as cancelled_amount,
        sum(greatest(-order_events.amount, 0)) over so_far as later_cancelled_amount,
        sum(order_events.line_count) over so_far as line_count
    from order_events
    inner join orders_of_several_days
        on
            order_events.customer_id = orders_of_several_days.customer_id
            and order_events.invoice_id = orders_of_several_days.invoice_id
    window
        by_day as (
            partition by order_events.customer_id, order_events.invoice_id
            order by order_events.event_date
        ),
        so_far as (by_day rows between unbounded preceding and current row)

    union all

    select
        order_events.customer_id,
        order_events.invoice_id,
        order_events.event_date as valid_from,
        cast(null as date) as valid_until,
        order_events.event_date as order_date,
        order_events.country,
        order_events.units,
        order_events.amount,
        order_events.cancelled_units,
        order_events.cancelled_amount,
        greatest(-order_events.amount, 0) as later_cancelled_amount,
        order_events.line_count
    from order_events
    anti join orders_of_several_days
        on
            order_events.customer_id = orders_of_several_days.customer_id
            and order_events.invoice_id = orders_of_several_days.invoice_id

)

select
    customer_id,
    invoice_id,
    country,
    cast(units as decimal(18, 3)) as units,
    cast(amount as decimal(18, 2)) as amount,
    cast(cancelled_units as decimal(18, 3)) as cancelled_units,
    cast(cancelled_amount as decimal(18, 2)) as cancelled_amount,
    cast(later_cancelled_amount as decimal(18, 2)) as later_cancelled_amount,
    cast(line_count as bigint) as line_count,
    units > 0 as is_net,
    order_date,
    valid_from,
    valid_until
from running
