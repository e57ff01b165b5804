{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    interest_map.feature,
    due.model_version,
    interest_map.mean,
    interest_map.scale,
    interest_map.x,
    interest_map.y,
    interest_map.z
from {{ ref('interest_map') }} as interest_map
cross join {{ ref('int_pending_fits') }} as due
{{ skip_existing_version('due') }}
