{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with due as (

    select distinct rules_version from {{ ref('int_fit_population') }}

)

select
    labels.space,
    labels.algorithm,
    labels.customer_id,
    due.rules_version,
    labels.k,
    labels.cluster
from {{ ref('candidate_labels') }} as labels
cross join due
{{ unless_stored('due') }}
