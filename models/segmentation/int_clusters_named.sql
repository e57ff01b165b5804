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
        concat(
            case
                when recency >= 2 / 3 then 'recent'
                when recency <= 1 / 3 then 'long ago'
                else 'some time ago'
            end,
            case
                when frequency >= 2 / 3 then ', frequent'
                when frequency <= 1 / 3 then ', rare'
                else ', occasional'
            end,
            case
                when monetary >= 2 / 3 then ', high spend'
                when monetary <= 1 / 3 then ', low spend'
                else ', medium spend'
            end
        ) as description
    from profiles

),

named as (

    select
        described.*,
        carried_over.jaccard,
        personas.distance,
        coalesce(carried_over.segment, personas.persona, described.description) as name,
        case
            when carried_over.segment is not null then 'carried over'
            when personas.persona is not null then 'persona'
            else 'described'
        end as naming
    from described
    left join {{ ref('int_names_carried_over') }} as carried_over
        on
            described.segmentation = carried_over.segmentation
            and described.cluster = carried_over.cluster
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

)

select
    segmentation,
    case when number = 1 then name else concat(name, ' ', number) end as segment,
    naming,
    cluster,
    size,
    recency,
    frequency,
    monetary,
    distance,
    jaccard
from numbered
