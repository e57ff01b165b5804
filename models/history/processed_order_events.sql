{#- Written when the history is told: of whom something differs from it in a later build is looked at anew. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_restated_history('customer') }}",
) }}

{%- set told = processed_history() %}

-- depends_on: {{ ref('segment_history') }}, {{ ref('segment_changes') }}, {{ ref('segment_transitions') }}
-- depends_on: {{ ref('int_changed_customers') }}
select
    customer_id,
    invoice_id,
    event_date,
    units,
    amount,
    cancelled_units,
    cancelled_amount
from {{ ref('int_order_events_daily') }}
{% if told and is_incremental() %}
where
    customer_id in (
        select touched.customer_id
        from {{ ref('int_changed_customers') }} as touched
        where {{ 'false' if told.is_look else 'true' }}
    )
{% endif %}
