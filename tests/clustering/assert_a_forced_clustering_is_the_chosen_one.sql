-- It warns: a setting asks for a clustering that could not be found among these customers, and another one stands in.
{{ config(severity='warn') }}

with forced as (

    {{ forced_candidates() | indent(4) }}

)

select forced.*
from forced
left join {{ ref('cluster_candidates') }} as candidates
    on
        forced.segmentation = candidates.segmentation
        and forced.space = candidates.space
        and forced.algorithm = candidates.algorithm
        and forced.k = candidates.k
        and candidates.is_chosen
where candidates.k is null
