{%- set segmentations = {'rfm': 'score cells', 'broad': 'rules', 'detailed': 'rules'} %}

-- What the history shows: whether moves keep to the order of segments, and how good the rules for
-- overdue alerts are.
with snapshots as (

    select * from {{ ref('int_segment_snapshots') }}
    where not is_withdrawn

),

alert_evaluations as (

    select * from {{ ref('int_alert_evaluations') }}

),

strategies as (

    {{ strategies_by_segment() | indent(4) }}

),

moves as (

    {% for segmentation, basis in segmentations.items() %}
    select
        '{{ segmentation }}' as segmentation,
        '{{ segmentation }} {{ basis }}' as model,
        {{ segmentation }}_before as segment_before,
        {{ segmentation }}_segment as segment,
        {{ segmentation }}_cause as cause,
        count(*) as move_count,
        min(previous_date) as first_date,
        max(as_of_date) as last_date
    from snapshots
    where {{ segmentation }}_cause in ('aging', 'order')
    group by 1, 2, 3, 4, 5
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

valued_moves as (

    {{ with_value_orders(
        'moves', 'strategies', {'value_before': 'segment_before', 'value_now': 'segment'}
    ) | indent(4) }}

),

order_metrics as (

    select
        'keep to the order of segments' as task,
        model,
        case when cause = 'aging' then 'up by aging' else 'down by an order' end as split,
        'moves_against_order' as metric,
        cast(
            coalesce(
                sum(move_count) filter (
                    where
                    (cause = 'aging' and value_now < value_before)
                    or (cause = 'order' and value_now > value_before)
                ),
                0
            ) as double
        ) as value,
        cast(sum(move_count) as bigint) as sample_size,
        cast(null as double) as score_from,
        false as is_baseline,
        concat(
            'of all moves by that cause: a longer absence alone never leads to a segment of more ',
            'value, an order alone never to one of less'
        ) as note,
        min(first_date) as first_date,
        max(last_date) as last_date
    from valued_moves
    group by 1, 2, 3

),

alert_metrics as (

    select
        'flag customers who stop ordering' as task,
        *
    from alert_evaluations

),

evaluations as (

    select * from order_metrics

    union all

    select * from alert_metrics

)

select * from evaluations
