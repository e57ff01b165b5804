{%- set told = history_told() %}

-- Whose past is not what it was when it was last told: rows came late, or are gone. What happened after the last day that was
-- told touches no day that was.
{% if told and not told.is_look %}
with order_days as (

    select * from {{ ref('int_order_days') }}

),

order_days_told as (

    select * from {{ told.days }}

),

last_told as (

    select max(as_of_date) as last_date
    from {{ told.dates }}

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
    changed.customer_id,
    min(changed.event_date) as touched_from
from changed
inner join last_told
    on changed.event_date <= last_told.last_date
group by 1
{% else %}
select
    customer_id,
    event_date as touched_from
from {{ ref('int_order_days') }}
where false
{% endif %}
