{{ config(materialized='view') }}

with snapshots as (

    select * from {{ ref('int_segment_snapshots') }}
    where not is_withdrawn

),

segment_values as (

    select * from {{ ref('int_segment_values') }}

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

)

select
    changes.customer_id,
    changes.segmentation,
    changes.change_type,
    changes.from_segment,
    changes.to_segment,
    case
        when changes.from_segment is null then 'new'
        when segment_values.value_order < values_before.value_order then 'up'
        when segment_values.value_order > values_before.value_order then 'down'
        else 'sideways'
    end as direction,
    changes.cause,
    changes.sufficient_causes,
    -- By the fifth of all customers that the money is in: one of the top fifth is worth a call.
    case
        when changes.monetary_score = 5 then 'high'
        when changes.monetary_score >= 3 then 'medium'
        else 'low'
    end as priority,
    cast(changes.revenue_at_risk as decimal(18, 2)) as revenue_at_risk,
    changes.previous_date,
    changes.as_of_date
from changes
left join segment_values as values_before
    on
        changes.segmentation = values_before.segmentation
        and changes.from_segment = values_before.segment
left join segment_values
    on
        changes.segmentation = segment_values.segmentation
        and changes.to_segment = segment_values.segment
