{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='rules_version',
    on_schema_change='fail',
    full_refresh=false,
) }}

with due as (

    select distinct
        rules_version,
        baseline_date
    from {{ ref('int_fit_population') }}

)

select
    evaluations.segmentation,
    evaluations.model,
    evaluations.settings,
    evaluations.metric,
    due.rules_version,
    evaluations.fold,
    evaluations.value,
    evaluations.sample_size,
    evaluations.is_baseline,
    due.baseline_date
from {{ ref('rule_evaluations') }} as evaluations
cross join due
