-- A customer may be in any segment of the score cells, a cluster may get any persona's name, or one
-- made from its profile: each has a strategy in the seed.
with names as (

    select
        'rfm' as segmentation,
        segment
    from {{ ref('rfm_segments') }}

    union

    select
        'rfm' as segmentation,
        repeat_segment as segment
    from {{ ref('rfm_segments') }}
    where repeat_segment is not null

    union

    select
        'rfm' as segmentation,
        'all cancelled' as segment

    union

    select
        segmentation,
        persona as segment
    from {{ ref('persona_prototypes') }}

    union

    select
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
