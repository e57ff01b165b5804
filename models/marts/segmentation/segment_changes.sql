{{ config(materialized='view') }}

{#-
    In a common table that is read once per segmentation, DuckDB would hold all that changed, in
    memory or on the disk. From the stored table each reads its own rows and columns alone.
-#}
{%- set snapshots = 'labelled' if custom_segments() else ref('int_segment_snapshots') %}

with cut_points as (

    {{ cut_points_by_version(ref('rfm_cut_points')) | indent(4) }}

),

labelled as (  -- noqa: ST03

    {{ snapshots_with_custom_segments() | indent(4) }}

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
        monetary_score_before,
        monetary_score,
        previous_version,
        model_version,
        previous_date,
        as_of_date
    from {{ snapshots }}
    where
        {{ segmentation }}_cause is not null
        and not is_withdrawn

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
        cast(null as integer) as monetary_score_before,
        monetary_score,
        cast(null as integer) as previous_version,
        model_version,
        as_of_date as previous_date,
        as_of_date
    from {{ snapshots }}
    where
        restated_by is not null
        and original_{{ segmentation }}_segment <> {{ segmentation }}_segment
        and not is_withdrawn
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- A version has its own number of scores.
levelled as (

    select
        changes.*,
        coalesce(
            {{ score_level(
                'changes.monetary_score_before', 'previous_cut_points.monetary_scores'
            ) | indent(12) }},
            {{ score_level('changes.monetary_score', 'cut_points.monetary_scores')
                | indent(12) }},
            1
        ) as monetary_level
    from changes
    left join cut_points
        on changes.model_version = cut_points.model_version
    left join cut_points as previous_cut_points
        on changes.previous_version = previous_cut_points.model_version

),

valued as (

    {{ with_value_orders(
        'levelled', 'strategies', {'value_before': 'from_segment', 'value_now': 'to_segment'}
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
