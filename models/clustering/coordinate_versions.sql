{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    coordinates.space,
    coordinates.customer_id,
    due.model_version,
    coordinates.x,
    coordinates.y,
    coordinates.z
from {{ ref('space_embeddings') }} as coordinates
cross join {{ ref('int_pending_fits') }} as due
{{ skip_existing_version('due') }}
