-- It warns: the build goes on with the most stable categories, or with none, and
-- `product_categories` gives the reason.
{{ config(severity='warn') }}

select concat('No categories of products could be learned: ', failure_reason) as warning
from {{ ref('product_categories') }}
where failure_reason is not null

union all

select
    concat(
        'No number of categories passes the gates: ', candidates.k, ' categories stand in; ',
        candidates.reason
    ) as warning
from {{ ref('int_category_candidates') }} as candidates
inner join {{ ref('model_versions') }} as versions
    on
        candidates.model_version = versions.model_version
        and versions.is_active
where
    candidates.prediction_run = 'live'
    and candidates.is_fallback
