with candidates as (

    select * from {{ ref('int_candidates_by_level') }}

),

best as (

    select
        segmentation,
        max(silhouette) as silhouette
    from candidates
    where problem is null
    group by 1

)

-- Twice the band: when the best one turns out unstable, those behind the next best are refitted in full as well.
select
    candidates.segmentation,
    candidates.space,
    candidates.algorithm,
    candidates.k
from candidates
left join best
    on candidates.segmentation = best.segmentation
where
    candidates.is_forced
    or (
        candidates.problem is null
        and candidates.silhouette >= best.silhouette - 2 * {{ var('silhouette_band') }} * abs(best.silhouette)
    )
