with profiles as (

    select * from {{ ref('int_cluster_profiles') }}

),

described as (

    select
        *,
        concat(
            case when recency >= 2 / 3 then 'recent' when recency <= 1 / 3 then 'long ago' else 'some time ago' end,
            case when frequency >= 2 / 3 then ', frequent' when frequency <= 1 / 3 then ', rare' else ', occasional' end,
            case when monetary >= 2 / 3 then ', high spend' when monetary <= 1 / 3 then ', low spend' else ', medium spend' end
        ) as description
    from profiles

),

named as (

    select
        described.*,
        kept.jaccard,
        personas.distance,
        coalesce(kept.segment, personas.persona, described.description) as name,
        case
            when kept.segment is not null then 'kept from the version before'
            when personas.persona is not null then 'persona'
            else 'described'
        end as naming
    from described
    left join {{ ref('int_names_carried_over') }} as kept
        on
            described.segmentation = kept.segmentation
            and described.cluster = kept.cluster
    left join {{ ref('cluster_personas') }} as personas
        on
            described.segmentation = personas.segmentation
            and described.cluster = personas.cluster

),

-- Two clusters of one description are told apart by a number, the better first.
numbered as (

    select
        *,
        row_number() over (
            partition by segmentation, name
            order by recency + frequency + monetary desc, cluster asc
        ) as twin
    from named

)

select
    segmentation,
    case when twin = 1 then name else concat(name, ' ', twin) end as segment,
    naming,
    cluster,
    size,
    recency,
    frequency,
    monetary,
    distance,
    jaccard
from numbered
