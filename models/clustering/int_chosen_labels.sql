with labels as (

    {{ chosen_labels(ref('int_candidates_ranked'), ref('candidate_labels')) | indent(4) }}

)

-- The customers of the chosen clusters with what they were clustered by; noise is in no cluster.
select
    labels.segmentation,
    labels.customer_id,
    labels.model_version,
    labels.cluster,
    population.recency_days,
    population.frequency,
    population.monetary
from labels
inner join {{ ref('int_fit_population') }} as population
    on
        labels.model_version = population.model_version
        and labels.customer_id = population.customer_id
where labels.cluster >= 0
