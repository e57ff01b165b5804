{#- Written last of all that tells the history, as all of it asks here what was told: a build that is cut off tells it again. -#}
{%- set told = processed_history() %}

-- depends_on: {{ ref('segment_history') }}, {{ ref('segment_changes') }}, {{ ref('segment_transitions') }}
-- depends_on: {{ ref('processed_order_events') }}
select
    as_of_date,
    model_version,
    is_open
from {{ told.dates if told and told.is_look else ref('int_snapshot_dates') }}
