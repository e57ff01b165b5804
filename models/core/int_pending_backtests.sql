{%- set evaluations = existing_relation('prediction', 'classification_evaluations') %}

-- A version needs a backtest until its evaluations are stored: in the build that fits it, or in
-- the next one if that build was cut off. The classification's evaluations are stored last.
with active_version as (

    select * from {{ ref('int_active_version') }}

),

evaluated_versions as (

    {% if evaluations %}
    select distinct model_version from {{ evaluations }}
    {% else %}
    -- The first build of a warehouse has evaluated none.
    select 0 as model_version
    where false
    {% endif %}

)

select
    active_version.model_version,
    active_version.baseline_date
from active_version
left join evaluated_versions
    on active_version.model_version = evaluated_versions.model_version
where
    active_version.model_version is not null
    and evaluated_versions.model_version is null
