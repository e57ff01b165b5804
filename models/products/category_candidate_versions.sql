{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with candidates as (

    select *
    from {{ ref('int_category_candidates') }}
    where prediction_run = 'live'

)

select
    candidates.algorithm,
    candidates.reason,
    due.model_version,
    candidates.k,
    candidates.products,
    candidates.categories_found,
    candidates.smallest_share,
    candidates.largest_share,
    candidates.other_share,
    candidates.silhouette,
    candidates.mean_similarity,
    candidates.bootstrap_samples,
    candidates.min_jaccard,
    candidates.mean_jaccard,
    candidates.mean_adjusted_rand,
    candidates.is_eligible,
    candidates.is_chosen,
    candidates.is_fallback
from candidates
cross join {{ ref('int_pending_fits') }} as due
{{ skip_existing_version('due') }}
