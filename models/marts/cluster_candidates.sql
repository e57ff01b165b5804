select
    candidates.segmentation,
    candidates.space,
    candidates.algorithm,
    candidates.setting,
    candidates.reason,
    candidates.rules_version,
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
    candidates.bootstrap_refits,
    candidates.bootstrap_draws,
    candidates.minimum_jaccard,
    candidates.mean_adjusted_rand,
    candidates.is_contender,
    candidates.is_eligible,
    candidates.is_chosen,
    candidates.is_fallback
from {{ ref('candidate_versions') }} as candidates
inner join {{ ref('int_score_version_in_use') }} as version_in_use
    on candidates.rules_version = version_in_use.score_version
