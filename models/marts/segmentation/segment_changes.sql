{{ config(materialized='view') }}

with snapshots as (

    select * from {{ ref('int_segment_snapshots') }}
    where not is_withdrawn

),

strategies as (

    {{ strategies_by_segment() | indent(4) }}

),

by_segmentation as (

    {% for segmentation in ['rfm', 'broad', 'detailed'] %}
    select
        customer_id,
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_before as segment_before,
        {{ segmentation }}_segment as segment,
        original_{{ segmentation }}_segment as original_segment,
        {{ segmentation }}_cause as cause,
        {{ segmentation }}_sufficient_causes as sufficient_causes,
        restated_by,
        monetary_before,
        monetary,
        monetary_score_before,
        monetary_score,
        previous_date,
        as_of_date
    from snapshots
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

changes as (

    select
        customer_id,
        segmentation,
        'movement' as change_type,
        segment_before as from_segment,
        segment as to_segment,
        cause,
        sufficient_causes,
        coalesce(monetary_before, monetary) as revenue_at_risk,
        coalesce(monetary_score_before, monetary_score, 1) as monetary_score,
        previous_date,
        as_of_date
    from by_segmentation
    where cause is not null

    union all

    -- A closed date whose report has changed.
    select
        customer_id,
        segmentation,
        'restatement' as change_type,
        original_segment as from_segment,
        segment as to_segment,
        restated_by as cause,
        restated_by as sufficient_causes,
        monetary as revenue_at_risk,
        coalesce(monetary_score, 1) as monetary_score,
        as_of_date as previous_date,
        as_of_date
    from by_segmentation
    where original_segment <> segment

),

-- 1 is worth most. A name that the seeds don't know ranks as `any other`.
valued as (

    select
        changes.*,
        coalesce(strategies_before.value_order, other_strategies.value_order) as value_before,
        coalesce(strategies.value_order, other_strategies.value_order) as value_now
    from changes
    left join strategies as strategies_before
        on
            changes.segmentation = strategies_before.segmentation
            and changes.from_segment = strategies_before.segment
    left join strategies
        on
            changes.segmentation = strategies.segmentation
            and changes.to_segment = strategies.segment
    left join strategies as other_strategies
        on
            changes.segmentation = other_strategies.segmentation
            and other_strategies.segment = 'any other'

)

select
    customer_id,
    segmentation,
    change_type,
    from_segment,
    to_segment,
    case
        when from_segment is null then 'new'
        when value_now < value_before then 'up'
        when value_now > value_before then 'down'
        else 'sideways'
    end as direction,
    cause,
    sufficient_causes,
    -- By the fifth of all customers that the money is in: one of the top fifth is worth a call.
    case
        when monetary_score = 5 then 'high'
        when monetary_score >= 3 then 'medium'
        else 'low'
    end as priority,
    cast(revenue_at_risk as decimal(18, 2)) as revenue_at_risk,
    previous_date,
    as_of_date
from valued
