{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with names as (

    select *
    from {{ ref('category_names') }}
    where prediction_run = 'live'

)

select
    names.category_name,
    names.top_terms,
    due.model_version,
    names.category
from names
cross join {{ ref('int_pending_fits') }} as due
{{ skip_existing_version('due') }}
