{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    names.category_name,
    names.top_terms,
    due.rules_version,
    names.category
from {{ ref('category_names') }} as names
cross join {{ ref('int_fit_due') }} as due
{{ unless_stored('due') }}
{{ 'and' if is_incremental() else 'where' }} names.study = 'live'
