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

running as (

    select
        customer_id,
        invoice_id,
        event_date as valid_from,
        lead(event_date) over by_day - 1 as valid_until,
        min(event_date) over so_far as order_date,
        min(country) over so_far as country,
        sum(units) over so_far as units,
        sum(amount) over so_far as amount,
        sum(cancelled_units) over so_far as cancelled_units,
        sum(cancelled_amount) over so_far as cancelled_amount,
        sum(greatest(-amount, 0)) over so_far as later_cancelled_amount,
        sum(line_count) over so_far as line_count
    from order_events
    window
        by_day as (partition by customer_id, invoice_id order by event_date),
        so_far as (by_day rows between unbounded preceding and current row)

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
