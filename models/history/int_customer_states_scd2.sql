{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='sync_all_columns',
) }}

-- What each day's events leave behind holds until the next: looked up, the state at any date costs no sum over the past.
with order_states as (

    select
        customer_id,
        invoice_id,
        event_date,
        amount,
        min(event_date) over of_order as order_date,
        sum(units) over up_to_now > 0 as is_net,
        coalesce(sum(units) over before_now > 0, false) as was_net,
        coalesce(lead(event_date) over by_day, date '9999-12-31') as next_event_date
    from {{ ref('int_order_events_daily') }}
    where {{ is_changed() | indent(4) }}
    window
        of_order as (partition by customer_id, invoice_id),
        by_day as (partition by customer_id, invoice_id order by event_date),
        up_to_now as (partition by customer_id, invoice_id order by event_date rows between unbounded preceding and current row),
        before_now as (partition by customer_id, invoice_id order by event_date rows between unbounded preceding and 1 preceding)

),

marked as (

    select
        *,
        bool_and(is_net) over (partition by customer_id, invoice_id) as is_never_cancelled
    from order_states

),

days as (

    select
        customer_id,
        event_date,
        sum(amount) as amount,
        sum(cast(is_net as integer) - cast(was_net as integer)) as net_order_change,
        max(order_date) filter (where is_never_cancelled) as last_net_order_date
    from marked
    group by 1, 2

),

running as (

    select
        customer_id,
        event_date,
        sum(amount) over so_far as monetary,
        sum(net_order_change) over so_far as frequency,
        max(last_net_order_date) over so_far as last_net_order_date,
        lead(event_date) over (partition by customer_id order by event_date) - 1 as valid_until
    from days
    window so_far as (partition by customer_id order by event_date rows between unbounded preceding and current row)

),

-- Orders that were cancelled whole at some time are few, and counted only while they were kept.
kept_for_a_time as (

    select
        running.customer_id,
        running.event_date,
        max(marked.order_date) as last_net_order_date
    from running
    inner join marked
        on
            running.customer_id = marked.customer_id
            and running.event_date >= marked.event_date
            and running.event_date < marked.next_event_date
    where
        marked.is_net
        and not marked.is_never_cancelled
    group by 1, 2

)

select
    running.customer_id,
    running.event_date as valid_from,
    running.valid_until,
    cast(running.frequency as bigint) as frequency,
    cast(running.monetary as decimal(18, 2)) as monetary,
    greatest(running.last_net_order_date, kept_for_a_time.last_net_order_date) as last_net_order_date
from running
left join kept_for_a_time
    on
        running.customer_id = kept_for_a_time.customer_id
        and running.event_date = kept_for_a_time.event_date
