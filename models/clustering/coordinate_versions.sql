{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    coordinates.space,
    coordinates.customer_id,
    due.rules_version,
    coordinates.x,
    coordinates.y,
    coordinates.z
from {{ ref('space_coordinates') }} as coordinates
cross join {{ ref('int_fit_due') }} as due
{{ unless_stored('due') }}
