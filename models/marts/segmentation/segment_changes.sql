{{ config(materialized='view') }}

with cut_points as (

    {{ cut_points_by_version(ref('rfm_cut_points')) | indent(4) }}

),

labelled as (

    {{ snapshots_with_custom_segments() | indent(4) }}

),

-- A version has its own number of scores. DuckDB holds in memory what is read once per
-- segmentation: neither snapshots without a change nor columns that no change has.
snapshots as (

    select
        labelled.customer_id,
        {% for segmentation in segmentations() %}
        labelled.{{ segmentation }}_before,
        labelled.{{ segmentation }}_segment,
        labelled.original_{{ segmentation }}_segment,
        labelled.{{ segmentation }}_cause,
        labelled.{{ segmentation }}_sufficient_causes,
        {% endfor %}
        labelled.restated_by,
        labelled.monetary_before,
        labelled.monetary,
        {{ score_level('labelled.monetary_score', 'cut_points.monetary_scores') | indent(8) }}
            as monetary_level,
        {{ score_level(
            'labelled.monetary_score_before', 'previous_cut_points.monetary_scores'
        ) | indent(8) }} as monetary_level_before,
        labelled.previous_date,
        labelled.as_of_date
    from labelled
    left join cut_points
        on labelled.model_version = cut_points.model_version
    left join cut_points as previous_cut_points
        on labelled.previous_version = previous_cut_points.model_version
    where
        labelled.restated_by is not null
        {% for segmentation in segmentations() %}
        or labelled.{{ segmentation }}_cause is not null
        {% endfor %}

),

strategies as (

    {{ strategies_by_segment() | indent(4) }}

),

changes as (

    {% for segmentation in segmentations() %}
    select
        customer_id,
        '{{ segmentation }}' as segmentation,
        'movement' as change_type,
        {{ segmentation }}_before as from_segment,
        {{ segmentation }}_segment as to_segment,
        {{ segmentation }}_cause as cause,
        {{ segmentation }}_sufficient_causes as sufficient_causes,
        coalesce(monetary_before, monetary) as revenue_at_risk,
        coalesce(monetary_level_before, monetary_level, 1) as monetary_level,
        previous_date,
        as_of_date
    from snapshots
    where {{ segmentation }}_cause is not null

    union all

    -- A closed date whose report has changed.
    select
        customer_id,
        '{{ segmentation }}' as segmentation,
        'restatement' as change_type,
        original_{{ segmentation }}_segment as from_segment,
        {{ segmentation }}_segment as to_segment,
        restated_by as cause,
        restated_by as sufficient_causes,
        monetary as revenue_at_risk,
        coalesce(monetary_level, 1) as monetary_level,
        as_of_date as previous_date,
        as_of_date
    from snapshots
    where original_{{ segmentation }}_segment <> {{ segmentation }}_segment
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

valued as (

    {{ with_value_orders(
        'changes', 'strategies', {'value_before': 'from_segment', 'value_now': 'to_segment'}
    ) | indent(4) }}

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
        when monetary_level = 5 then 'high'
        when monetary_level >= 3 then 'medium'
        else 'low'
    end as priority,
    cast(revenue_at_risk as decimal(18, 2)) as revenue_at_risk,
    previous_date,
    as_of_date
from valued
