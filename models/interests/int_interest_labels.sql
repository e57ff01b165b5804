select
    labels.customer_id,
    labels.cluster
from {{ ref('int_candidates_ranked') }} as chosen
inner join {{ ref('candidate_labels') }} as labels
    on
        chosen.space = labels.space
        and chosen.algorithm = labels.algorithm
        and chosen.k = labels.k
where
    chosen.is_chosen
    and chosen.segmentation = 'interest'
