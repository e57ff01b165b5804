{{ config(materialized='view') }}
{%- do validate_stored_rules(say=true) %}

with model_versions as (

    select * from {{ ref('model_versions') }}

),

own_versions as (

    {{ versions_of_this_shop('model_versions') | indent(4) }}

)

select
    max(model_version) as model_version,
    max_by(baseline_date, model_version) as baseline_date
from own_versions
-- A build that was cut off may have left cut-points without rules: they wait for a build that fits.
where is_usable{{ ' and model_version in ' ~ versions_with_rules() if is_refresh() }}
