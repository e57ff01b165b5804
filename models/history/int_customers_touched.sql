{%- set told = history_told() %}

-- Of whom something is not as it was when it was last told: rows came or are gone. Those of days that were not told yet touch
-- none that was.
{% if told and not told.is_look %}
with order_days as (

    select * from {{ ref('int_order_days') }}

),

order_days_told as (

    select * from {{ told.days }}

),

changed as (

    select
        coalesce(order_days.customer_id, order_days_told.customer_id) as customer_id,
        coalesce(order_days.event_date, order_days_told.event_date) as event_date
    from order_days
    full join order_days_told
        on
            order_days.customer_id = order_days_told.customer_id
            and order_days.invoice_id = order_days_told.invoice_id
            and order_days.event_date = order_days_told.event_date
    where
        order_days.units is distinct from order_days_told.units
        or order_days.amount is distinct from order_days_told.amount
        or order_days.cancelled_units is distinct from order_days_told.cancelled_units
        or order_days.cancelled_amount is distinct from order_days_told.cancelled_amount

)

select
    customer_id,
    min(event_date) as touched_from
from changed
group by 1
{% else %}
select
    customer_id,
    event_date as touched_from
from {{ ref('int_order_days') }}
where false
{% endif %}
