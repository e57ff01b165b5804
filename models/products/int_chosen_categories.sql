select
    labels.study,
    labels.product_id,
    labels.category,
    labels.learned_group,
    labels.similarity
from {{ ref('int_category_candidates') }} as chosen
inner join {{ ref('category_labels') }} as labels
    on
        chosen.study = labels.study
        and chosen.algorithm = labels.algorithm
        and chosen.k = labels.k
where chosen.is_chosen
