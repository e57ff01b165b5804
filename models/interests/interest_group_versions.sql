{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    named.interest_group,
    due.model_version,
    named.cluster,
    named.size,
    named.x,
    named.y,
    named.z
from {{ ref('int_interest_groups_named') }} as named
cross join {{ ref('int_pending_fits') }} as due
{{ skip_existing_version('due') }}
