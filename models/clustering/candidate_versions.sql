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
    candidates.*,
    due.rules_version
from {{ ref('int_candidates_judged') }} as candidates
cross join due
{{ unless_stored('due') }}
