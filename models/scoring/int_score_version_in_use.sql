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
-- A build that was cut off may have left cut-points without rules: they wait for a build that fits.
where is_usable{{ ' and score_version in ' ~ versions_with_rules() if is_refresh() }}
