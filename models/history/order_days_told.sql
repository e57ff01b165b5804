{#- The events that the history was last told from: what differs from them was late. -#}
{%- set told = history_told() %}

-- depends_on: {{ ref('segment_history') }}
select
    customer_id,
    invoice_id,
    event_date,
    units,
    amount,
    cancelled_units
from {{ told.days if told and told.is_look else ref('int_order_days') }}
