{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    candidates.*,
    due.model_version
from {{ ref('int_candidates_ranked') }} as candidates
cross join {{ ref('int_pending_fits') }} as due
{{ skip_existing_version('due') }}
