-- The clusters get their names, and the fitted customers the name of their cluster.
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

profiles as (

    select * from {{ ref('int_cluster_profiles') }}

),

personas as (

    select personas.*
    from {{ ref('cluster_personas') }} as personas
    inner join {{ ref('model_versions') }} as versions
        on
            personas.model_version = versions.model_version
            and versions.is_active

),

strategies as (

    {{ strategies_by_segment() | indent(4) }}

),

described as (

    select
        *,
        concat_ws(
            ', ',
            -- However customers rank, ten days are not long where they order once a month.
            {% set recency_words = profile_words().recency %}
            case
                when absence_gaps < 2 then '{{ recency_words[0] }}'
                when absence_gaps < 4 then '{{ recency_words[1] }}'
                else '{{ recency_words[2] }}'
            end,
            {% for position in ['frequency', 'monetary'] %}
            {% set best, middling, worst = profile_words()[position] %}
            case
                when {{ position }} >= 2 / 3 then '{{ best }}'
                when {{ position }} <= 1 / 3 then '{{ worst }}'
                else '{{ middling }}'
            end{{ ',' if not loop.last }}
            {% endfor %}
        ) as description
    from profiles

),

named as (

    select
        described.*,
        coalesce(
            described.carried_over_segment, personas.persona, described.description
        ) as name,
        case
            when described.carried_over_segment is not null then 'carried over'
            when personas.persona is not null then 'persona'
            else 'described'
        end as naming
    from described
    left join personas
        on
            described.segmentation = personas.segmentation
            and described.cluster = personas.cluster

),

-- Of clusters with one description the second best is numbered 2, and so on.
numbered as (

    select
        *,
        row_number() over (
            partition by segmentation, name
            order by recency + frequency + monetary desc, cluster asc
        ) as number
    from named

),

clusters as (

    select
        segmentation,
        cluster,
        naming,
        case when number = 1 then name else concat(name, ' ', number) end as segment
    from numbered

),

-- Noise is in no cluster, so it has no name.
clustered as (

    select
        labels.segmentation,
        labels.customer_id,
        clusters.segment,
        clusters.naming,
        labels.cluster,
        strategies.value_order,
        population.recency_days,
        population.frequency,
        population.monetary
    from chosen_labels as labels
    inner join population
        on labels.customer_id = population.customer_id
    inner join clusters
        on
            labels.segmentation = clusters.segmentation
            and labels.cluster = clusters.cluster
    left join strategies
        on
            clusters.segmentation = strategies.segmentation
            and clusters.segment = strategies.segment

),

-- Where customers are too few or too similar for any clustering, all of them are one segment.
unclustered as (

    select segmentations.segmentation
    from (select unnest(['broad', 'detailed']) as segmentation) as segmentations
    left join chosen
        on segmentations.segmentation = chosen.segmentation
    where chosen.segmentation is null

)

select * from clustered

union all

select
    unclustered.segmentation,
    population.customer_id,
    'all customers' as segment,
    cast(null as varchar) as naming,
    cast(null as integer) as cluster,
    1 as value_order,
    population.recency_days,
    population.frequency,
    population.monetary
from population
cross join unclustered
