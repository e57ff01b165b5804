{#- Written last of all that tells the history, as all of it asks here what was told: a build that is cut off tells it again. -#}
{%- set told = history_told() %}

-- depends_on: {{ ref('segment_history') }}, {{ ref('segment_changes') }}, {{ ref('segment_transitions') }}
-- depends_on: {{ ref('order_days_told') }}
select
    as_of_date,
    rules_version,
    is_open
from {{ told.dates if told and told.is_look else ref('int_history_dates') }}
