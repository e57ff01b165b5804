{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with candidates as (

    {{ candidates_by_level(ref('interest_candidate_metrics')) | indent(4) }}

),

-- The candidates are few, so the stability of each is measured both in full and roughly, whichever
-- counts.
measured as (

    select
        * exclude (
            full_bootstrap_samples,
            rough_bootstrap_samples,
            full_bootstrap_draws,
            rough_bootstrap_draws,
            full_min_jaccard,
            rough_min_jaccard,
            full_mean_adjusted_rand,
            rough_mean_adjusted_rand
        ),
        case when is_finalist then full_bootstrap_samples else rough_bootstrap_samples end
            as bootstrap_samples,
        case when is_finalist then full_bootstrap_draws else rough_bootstrap_draws end
            as bootstrap_draws,
        case when is_finalist then full_min_jaccard else rough_min_jaccard end
            as min_jaccard,
        case when is_finalist then full_mean_adjusted_rand else rough_mean_adjusted_rand end
            as mean_adjusted_rand
    from candidates
    {{ skip_existing_version('candidates') }}

),

{{ rank_candidates('measured') }}
