select
    labels.prediction_run,
    labels.product_id,
    labels.category,
    labels.learned_group,
    labels.similarity
from {{ ref('int_category_candidates') }} as chosen
inner join {{ ref('category_labels') }} as labels
    on
        chosen.prediction_run = labels.prediction_run
        and chosen.algorithm = labels.algorithm
        and chosen.k = labels.k
where chosen.is_chosen
