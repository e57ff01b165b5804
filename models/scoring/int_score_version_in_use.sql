{{ config(materialized='view') }}
{%- do stop_on_log_without_rules(say=true) %}

with score_versions as (

    select * from {{ ref('score_versions') }}

),

own_versions as (

    {{ versions_of_this_shop('score_versions') | indent(4) }}

)

select
    max(score_version) as score_version,
    max_by(baseline_date, score_version) as baseline_date
from own_versions
where
    is_usable
    {% if is_refresh() %}
    -- A build that was cut off may have left cut-points without rules: they wait for the build that fits them.
    and score_version in {{ versions_with_rules() }}
    {% endif %}
