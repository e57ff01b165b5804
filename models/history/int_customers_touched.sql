{%- set told = history_told() %}

-- Whose past is not what it was when it was last told: rows came late, or are gone. What happened after the last day that was
-- told touches no day that was.
{% if told and not told.is_look %}
with order_days as (

    select
        customer_id,
        invoice_id,
        event_date,
        units,
        amount,
        cancelled_units,
        cancelled_amount
    from {{ ref('int_order_days') }}

),

order_days_told as (

    select
        customer_id,
        invoice_id,
        event_date,
        units,
        amount,
        cancelled_units,
        cancelled_amount
    from {{ told.days }}

),

last_told as (

    select max(as_of_date) as last_date
    from {{ told.dates }}

),

changed as (

    (
        select * from order_days
        except
        select * from order_days_told
    )

    union all

    (
        select * from order_days_told
        except
        select * from order_days
    )

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
