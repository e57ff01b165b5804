{{ config(materialized='view') }}

-- Segments of all versions: the seed's own names, and names made from a profile, which rank as `any
-- other`.
with strategies as (

    select * from {{ ref('segment_strategies') }}

),

known as (

    select
        segmentation,
        segment
    from strategies

    union

    select
        segmentation,
        segment
    from {{ ref('int_segment_rules') }}

)

select
    known.segmentation,
    known.segment,
    coalesce(own.value_order, other.value_order) as value_order
from known
left join strategies as own
    on
        known.segmentation = own.segmentation
        and known.segment = own.segment
left join strategies as other
    on
        known.segmentation = other.segmentation
        and other.segment = 'any other'
