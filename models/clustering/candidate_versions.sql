{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    candidates.*,
    due.rules_version
from {{ ref('int_candidates_judged') }} as candidates
cross join {{ ref('int_fit_due') }} as due
{{ unless_stored('due') }}
