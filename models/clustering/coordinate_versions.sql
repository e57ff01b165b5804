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
    coordinates.space,
    coordinates.customer_id,
    due.rules_version,
    coordinates.x,
    coordinates.y,
    coordinates.z
from {{ ref('space_coordinates') }} as coordinates
cross join due
{{ unless_stored('due') }}
