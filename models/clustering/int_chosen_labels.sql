-- The customers of the chosen clusters with what they were clustered by; noise is in no cluster. Interest groups have their own
-- profiles and names.
select
    chosen.segmentation,
    labels.customer_id,
    labels.cluster,
    population.recency_days,
    population.frequency,
    population.monetary
from {{ ref('int_candidates_ranked') }} as chosen
inner join {{ ref('candidate_labels') }} as labels
    on
        chosen.space = labels.space
        and chosen.algorithm = labels.algorithm
        and chosen.k = labels.k
inner join {{ ref('int_fit_population') }} as population
    on labels.customer_id = population.customer_id
where
    chosen.is_chosen
    and chosen.segmentation in ('broad', 'detailed')
    and labels.cluster >= 0
