with chosen as (

    select candidates.*
    from {{ ref('int_candidates_ranked') }} as candidates
    inner join {{ ref('model_versions') }} as versions
        on
            candidates.model_version = versions.model_version
            and versions.is_active
    where candidates.is_chosen

),

population as (

    select population.*
    from {{ ref('int_fit_population') }} as population
    inner join {{ ref('model_versions') }} as versions
        on
            population.model_version = versions.model_version
            and versions.is_active

),

chosen_labels as (

    {{ chosen_labels(ref('int_candidates_ranked'), ref('candidate_labels')) | indent(4) }}

),

-- Noise is in no cluster, so it has no name.
named as (

    select
        labels.segmentation,
        labels.customer_id,
        clusters.segment,
        clusters.value_order,
        population.recency_days,
        population.frequency,
        population.monetary
    from chosen_labels as labels
    inner join population
        on labels.customer_id = population.customer_id
    inner join {{ ref('int_clusters_named') }} as clusters
        on
            labels.segmentation = clusters.segmentation
            and labels.cluster = clusters.cluster

),

-- Where customers are too few or too similar for any clustering, all of them are one segment.
unclustered as (

    select segmentations.segmentation
    from (select unnest(['broad', 'detailed']) as segmentation) as segmentations
    left join chosen
        on segmentations.segmentation = chosen.segmentation
    where chosen.segmentation is null

)

select * from named

union all

select
    unclustered.segmentation,
    population.customer_id,
    'all customers' as segment,
    1 as value_order,
    population.recency_days,
    population.frequency,
    population.monetary
from population
cross join unclustered
