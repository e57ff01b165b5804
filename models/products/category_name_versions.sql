{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with names as (

    select *
    from {{ ref('category_names') }}
    where study = 'live'

)

select
    names.category_name,
    names.top_terms,
    due.rules_version,
    names.category
from names
cross join {{ ref('int_fit_due') }} as due
{{ unless_stored('due') }}
