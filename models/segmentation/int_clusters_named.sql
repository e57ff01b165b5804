with profiles as (

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
        personas.distance,
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

segments as (

    select
        * exclude (name, number),
        case when number = 1 then name else concat(name, ' ', number) end as segment
    from numbered

),

strategies as (

    {{ strategies_by_segment() | indent(4) }}

)

select
    segments.segmentation,
    segments.segment,
    segments.naming,
    segments.cluster,
    strategies.value_order,
    segments.size,
    segments.recency,
    segments.frequency,
    segments.monetary,
    segments.distance,
    segments.jaccard
from segments
left join strategies
    on
        segments.segmentation = strategies.segmentation
        and segments.segment = strategies.segment
