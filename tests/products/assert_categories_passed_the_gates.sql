-- It warns: the build goes on with the most stable categories, or with none, and `product_categories` says why.
{{ config(severity='warn') }}

select concat('No categories of products could be learned: ', failure_reason) as warning
from {{ ref('product_categories') }}
where failure_reason is not null

union all

select concat('No number of categories passes the gates: ', candidates.k, ' categories stand in; ', candidates.reason) as warning
from {{ ref('category_candidate_versions') }} as candidates
inner join {{ ref('int_active_version') }} as version_in_use
    on candidates.model_version = version_in_use.model_version
where candidates.is_fallback
