with candidates as (

    select * from {{ ref('int_candidates_ranked') }}

    union all

    select * from {{ ref('int_interest_candidates_ranked') }}

)

select
    candidates.segmentation,
    candidates.space,
    candidates.algorithm,
    candidates.setting,
    candidates.reason,
    candidates.model_version,
    candidates.k,
    candidates.customer_count,
    candidates.clusters_found,
    candidates.smallest_share,
    candidates.noise_share,
    candidates.silhouette,
    candidates.calinski_harabasz,
    candidates.davies_bouldin,
    candidates.bic,
    candidates.explained_variance,
    candidates.bootstrap_samples,
    candidates.bootstrap_draws,
    candidates.min_jaccard,
    candidates.mean_adjusted_rand,
    candidates.is_finalist,
    candidates.is_eligible,
    candidates.is_chosen,
    candidates.is_fallback
from candidates
inner join {{ ref('model_versions') }} as versions
    on
        candidates.model_version = versions.model_version
        and versions.is_active
