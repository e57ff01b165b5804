{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- What the categories of a version were learned from, or why there are none: later builds learn nothing and tell it too.
with descriptions as (

    select *
    from {{ ref('product_text_statistics') }}
    where prediction_run = 'live'

),

chosen as (

    select
        prediction_run,
        k
    from {{ ref('int_category_candidates') }}
    where is_chosen

)

select
    coalesce(
        descriptions.failure_reason,
        case when chosen.k is null then 'no candidate finds two categories that could be used' end
    ) as failure_reason,
    due.model_version,
    descriptions.products,
    descriptions.described_products,
    descriptions.different_descriptions,
    due.baseline_date
from descriptions
cross join {{ ref('int_pending_fits') }} as due
left join chosen
    on descriptions.prediction_run = chosen.prediction_run
{{ skip_existing_version('due') }}
