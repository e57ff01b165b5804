select
    candidates.segmentation,
    candidates.space,
    candidates.algorithm,
    candidates.setting,
    candidates.reason,
    candidates.model_version,
    candidates.k,
    candidates.customers,
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
from {{ ref('candidate_versions') }} as candidates
inner join {{ ref('int_active_version') }} as version_in_use
    on candidates.model_version = version_in_use.model_version
