{#- Written last of all that tells the history: a build that is cut off before it tells all of it again. -#}
{%- set told = history_told() %}

-- depends_on: {{ ref('segment_history') }}, {{ ref('segment_changes') }}, {{ ref('segment_transitions') }}
select
    as_of_date,
    rules_version,
    is_open
from {{ told.dates if told and told.is_look else ref('int_history_dates') }}
