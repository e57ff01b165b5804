{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_restated_history() }}",
) }}

-- depends_on: {{ ref('int_snapshot_dates') }}, {{ ref('int_changed_customers') }}
with moves as (

    {% for segmentation in ['rfm', 'broad', 'detailed'] %}
    select
        customer_id,
        as_of_date,
        previous_date,
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_before as segment_before,
        {{ segmentation }}_segment as segment,
        original_{{ segmentation }}_segment as first_segment,
        restated_by,
        monetary_before,
        monetary,
        monetary_score_before,
        monetary_score,
        is_new
    from {{ ref('int_segment_moves') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

what_if as (

    {% for segmentation in ['rfm', 'broad', 'detailed'] %}
    select
        customer_id,
        as_of_date,
        '{{ segmentation }}' as segmentation,
        max({{ segmentation }}_segment) filter (where scenario = 'aging') as by_aging,
        max({{ segmentation }}_segment) filter (where scenario = 'order') as by_orders,
        max({{ segmentation }}_segment) filter (where scenario = 'cancellation') as by_cancellations,
        max({{ segmentation }}_segment) filter (where scenario = 'events') as by_events,
        max({{ segmentation }}_segment) filter (where scenario = 'refit') as by_refit
    from {{ ref('int_counterfactual_segments') }}
    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Step by step, time passes, orders come, some are taken back, the rules change: the cause is the last step that made the segment
-- what it is. Where no order came, the step before it stands.
movements as (

    select
        moves.customer_id,
        moves.segmentation,
        'movement' as change_type,
        moves.segment_before as from_segment,
        moves.segment as to_segment,
        case
            when moves.is_new and moves.restated_by = 'late_data' and moves.first_segment is null then 'late_data'
            when moves.is_new then 'new'
            when what_if.by_events <> moves.segment then 'refit'
            when what_if.by_events <> coalesce(what_if.by_orders, what_if.by_aging) then 'cancellation'
            when what_if.by_orders <> what_if.by_aging then 'order'
            else 'aging'
        end as cause,
        nullif(concat_ws(
            ' · ',
            case when what_if.by_aging = moves.segment then 'aging' end,
            case when what_if.by_orders = moves.segment then 'order' end,
            case when what_if.by_cancellations = moves.segment then 'cancellation' end,
            case when what_if.by_refit = moves.segment then 'refit' end
        ), '') as sufficient_causes,
        moves.previous_date,
        moves.as_of_date,
        moves.monetary_before,
        moves.monetary,
        moves.monetary_score_before,
        moves.monetary_score
    from moves
    left join what_if
        on
            moves.customer_id = what_if.customer_id
            and moves.as_of_date = what_if.as_of_date
            and moves.segmentation = what_if.segmentation
    where
        moves.is_new
        or moves.segment <> moves.segment_before

),

-- What was told of a day that is over, and is told otherwise now.
restatements as (

    select
        customer_id,
        segmentation,
        'restatement' as change_type,
        first_segment as from_segment,
        segment as to_segment,
        restated_by as cause,
        restated_by as sufficient_causes,
        as_of_date as previous_date,
        as_of_date,
        monetary as monetary_before,
        monetary,
        monetary_score as monetary_score_before,
        monetary_score
    from moves
    where first_segment <> segment

),

changes as (

    select * from movements

    union all

    select * from restatements

),

valued as (

    select
        changes.*,
        values_before.value_order as value_before,
        values_now.value_order as value_now
    from changes
    left join {{ ref('int_segment_values') }} as values_before
        on
            changes.segmentation = values_before.segmentation
            and changes.from_segment = values_before.segment
    left join {{ ref('int_segment_values') }} as values_now
        on
            changes.segmentation = values_now.segmentation
            and changes.to_segment = values_now.segment

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
    -- By the fifth that the money stands in: a customer of the top one is worth a call.
    case
        when coalesce(monetary_score_before, monetary_score, 1) = 5 then 'high'
        when coalesce(monetary_score_before, monetary_score, 1) >= 3 then 'medium'
        else 'low'
    end as priority,
    cast(coalesce(monetary_before, monetary) as decimal(18, 2)) as revenue_at_risk,
    previous_date,
    as_of_date
from valued
