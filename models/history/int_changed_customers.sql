{%- set told = processed_history() %}

-- Of whom something is not as it was when it was last told: rows came or are gone. Those of days that were not told yet touch
-- none that was.
{% if told and not told.is_look %}
with order_days as (

    select * from {{ ref('int_order_events_daily') }}

),

processed_order_events as (

    select * from {{ told.days }}

),

changed as (

    select
        coalesce(order_days.customer_id, processed_order_events.customer_id) as customer_id,
        coalesce(order_days.event_date, processed_order_events.event_date) as event_date
    from order_days
    full join processed_order_events
        on
            order_days.customer_id = processed_order_events.customer_id
            and order_days.invoice_id = processed_order_events.invoice_id
            and order_days.event_date = processed_order_events.event_date
    where
        order_days.units is distinct from processed_order_events.units
        or order_days.amount is distinct from processed_order_events.amount
        or order_days.cancelled_units is distinct from processed_order_events.cancelled_units
        or order_days.cancelled_amount is distinct from processed_order_events.cancelled_amount

)

select
    customer_id,
    min(event_date) as changed_from
from changed
group by 1
{% else %}
select
    customer_id,
    event_date as changed_from
from {{ ref('int_order_events_daily') }}
where false
{% endif %}
