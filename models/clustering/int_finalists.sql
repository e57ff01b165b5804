with ranked as (

    select
        *,
        row_number() over (
            partition by segmentation, failure_reason is null
            order by silhouette desc nulls last, k asc, space asc, algorithm asc
        ) as place
    from {{ ref('int_candidates_by_level') }}

)

-- A full refit takes time, so the eight best of each segmentation get one: when the best turn out unstable, others stand behind.
select
    segmentation,
    space,
    algorithm,
    k
from ranked
where
    is_forced
    or (failure_reason is null and place <= 8)
