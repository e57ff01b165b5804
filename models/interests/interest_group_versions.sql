{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    named.interest_group,
    due.rules_version,
    named.cluster,
    named.size,
    named.x,
    named.y,
    named.z
from {{ ref('int_interest_groups_named') }} as named
cross join {{ ref('int_fit_due') }} as due
{{ unless_stored('due') }}
