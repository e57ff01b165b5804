with measures as (

    select * from {{ ref('candidate_metrics') }}

),

levels as (

    select * from {{ ref('cluster_levels') }}

),

forced as (

    {{ forced_candidates() | indent(4) }}

)

select
    coalesce(forced.segmentation, levels.segmentation) as segmentation,
    measures.space,
    measures.algorithm,
    measures.setting,
    -- What rules a candidate out before its stability is looked at; null where nothing does.
    case
        when spaces.failure_reason is not null then spaces.failure_reason
        when measures.failure_reason is not null then measures.failure_reason
        when
            measures.k not between levels.fewest_clusters and levels.most_clusters
            and forced.segmentation is null
            then format(
                '{} clusters: {} segments are {} to {}',
                measures.k,
                levels.segmentation,
                levels.fewest_clusters,
                levels.most_clusters
            )
        when measures.smallest_share < {{ var('min_segment_share') }}
            then format(
                'the smallest cluster holds {:.1f} % of the customers, less than {:.1f} %',
                100 * measures.smallest_share,
                100 * {{ var('min_segment_share') }}
            )
    end as failure_reason,
    measures.k,
    measures.customers,
    measures.clusters_found,
    measures.smallest_share,
    measures.noise_share,
    measures.silhouette,
    measures.calinski_harabasz,
    measures.davies_bouldin,
    measures.bic,
    spaces.explained_variance,
    measures.k between levels.fewest_clusters and levels.most_clusters as is_in_range,
    forced.segmentation is not null as is_forced
from measures
inner join levels
    on measures.space = levels.space
left join {{ ref('space_descriptions') }} as spaces
    on measures.space = spaces.space
left join forced
    on
        measures.space = forced.space
        and measures.algorithm = forced.algorithm
        and measures.k = forced.k
