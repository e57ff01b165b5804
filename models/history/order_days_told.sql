{#- Written last of all that tells the history, as history_dates_told is: what differs from it in a later build was late. -#}
{%- set told = history_told() %}

-- depends_on: {{ ref('segment_history') }}, {{ ref('segment_changes') }}, {{ ref('segment_transitions') }}
select
    customer_id,
    invoice_id,
    event_date,
    units,
    amount,
    cancelled_units,
    cancelled_amount
from {{ told.days if told and told.is_look else ref('int_order_days') }}
