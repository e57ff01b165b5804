-- A cluster may get any persona's name, or one made from its profile: each has a strategy in the
-- seed.
with names as (

    select
        segmentation,
        persona as segment
    from {{ ref('persona_prototypes') }}

    union all

    select distinct
        segmentation,
        unnest(['all customers', 'any other', 'all cancelled']) as segment
    from {{ ref('persona_prototypes') }}

)

select names.*
from names
left join {{ ref('segment_strategies') }} as strategies
    on
        names.segmentation = strategies.segmentation
        and names.segment = strategies.segment
where strategies.segment is null
