{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with measured as (

    select
        candidates.*,
        stability.bootstrap_samples,
        stability.bootstrap_draws,
        stability.min_jaccard,
        stability.mean_adjusted_rand
    from {{ ref('int_candidates_by_level') }} as candidates
    left join {{ ref('candidate_stability') }} as stability
        on
            candidates.model_version = stability.model_version
            and candidates.space = stability.space
            and candidates.algorithm = stability.algorithm
            and candidates.k = stability.k
    {{ skip_existing_version('candidates') }}

),

{{ rank_candidates('measured') }}
