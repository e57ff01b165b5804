{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- What the categories of a version were learned from, or why there are none: later builds learn nothing and tell it too.
with descriptions as (

    select *
    from {{ ref('catalogue_descriptions') }}
    where study = 'live'

),

chosen as (

    select
        study,
        k
    from {{ ref('int_category_candidates') }}
    where is_chosen

)

select
    coalesce(
        descriptions.problem,
        case when chosen.k is null then 'no candidate finds two categories that could be used' end
    ) as problem,
    due.rules_version,
    descriptions.products,
    descriptions.described_products,
    descriptions.different_descriptions,
    due.baseline_date
from descriptions
cross join {{ ref('int_fit_due') }} as due
left join chosen
    on descriptions.study = chosen.study
{{ unless_stored('due') }}
