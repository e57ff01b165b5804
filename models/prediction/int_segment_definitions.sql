-- What a segment is in each run: bounds of recency, frequency and monetary, for learned segments
-- and for cells of scores alike.
with backtest_cut_points as (

    select * from {{ ref('int_backtest_cut_points') }}

),

stored_cut_points as (

    select * from {{ ref('rfm_cut_points') }}

),

active_version as (

    select * from {{ ref('int_active_version') }}

),

score_map as (

    select * from {{ ref('int_rfm_score_map') }}

),

backtest_rules as (

    select * from {{ ref('backtest_rules') }}

),

active_rules as (

    select rules.*
    from {{ ref('int_segment_rules') }} as rules
    inner join {{ ref('model_versions') }} as versions
        on
            rules.model_version = versions.model_version
            and versions.is_active

),

cut_points as (

    select
        'backtest' as prediction_run,
        measure,
        cut_number,
        cut_point
    from backtest_cut_points

    union all

    select
        'live' as prediction_run,
        stored_cut_points.measure,
        stored_cut_points.cut_number,
        stored_cut_points.cut_point
    from stored_cut_points
    inner join active_version
        on stored_cut_points.model_version = active_version.model_version

),

runs as (

    select distinct prediction_run from cut_points

),

-- A value that equals a cut-point is below it: the next score begins a day, an order or a penny
-- above.
borders as (

    select
        prediction_run,
        measure,
        cut_number,
        cut_point + case when measure = 'monetary' then 0.01 else 1 end as border
    from cut_points

),

measures as (

    select unnest(['recency_days', 'frequency', 'monetary']) as measure

),

cut_points_passed as (

    select unnest([0, 1, 2, 3, 4]) as cut_number

),

scores as (

    select
        runs.prediction_run,
        measures.measure,
        case
            when measures.measure = 'recency_days' then 5 - cut_points_passed.cut_number
            else 1 + cut_points_passed.cut_number
        end as score,
        lower_borders.border as value_min,
        upper_borders.border as value_max
    from runs
    cross join measures
    cross join cut_points_passed
    left join borders as lower_borders
        on
            runs.prediction_run = lower_borders.prediction_run
            and measures.measure = lower_borders.measure
            and cut_points_passed.cut_number = lower_borders.cut_number
    left join borders as upper_borders
        on
            runs.prediction_run = upper_borders.prediction_run
            and measures.measure = upper_borders.measure
            and cut_points_passed.cut_number + 1 = upper_borders.cut_number

),

rfm_definitions as (

    select
        recency.prediction_run,
        'rfm' as segmentation,
        score_map.segment,
        recency.value_min as recency_min,
        recency.value_max as recency_max,
        frequency.value_min as frequency_min,
        frequency.value_max as frequency_max,
        monetary.value_min as monetary_min,
        monetary.value_max as monetary_max
    from score_map
    inner join scores as recency
        on
            recency.measure = 'recency_days'
            and score_map.recency_score = recency.score
    inner join scores as frequency
        on
            frequency.measure = 'frequency'
            and recency.prediction_run = frequency.prediction_run
            and score_map.frequency_score = frequency.score
    inner join scores as monetary
        on
            monetary.measure = 'monetary'
            and recency.prediction_run = monetary.prediction_run
            and score_map.monetary_score = monetary.score

),

learned_definitions as (

    select
        'backtest' as prediction_run,
        segmentation,
        segment,
        recency_min,
        recency_max,
        frequency_min,
        frequency_max,
        monetary_min,
        monetary_max
    from backtest_rules

    union all

    select
        'live' as prediction_run,
        segmentation,
        segment,
        recency_min,
        recency_max,
        frequency_min,
        frequency_max,
        monetary_min,
        monetary_max
    from active_rules

),

definitions as (

    select * from rfm_definitions

    union all

    select * from learned_definitions

)

select
    prediction_run,
    segmentation,
    segment,
    cast(recency_min as integer) as recency_min,
    cast(recency_max as integer) as recency_max,
    cast(frequency_min as bigint) as frequency_min,
    cast(frequency_max as bigint) as frequency_max,
    cast(monetary_min as decimal(18, 2)) as monetary_min,
    cast(monetary_max as decimal(18, 2)) as monetary_max
from definitions
where
    -- No customer is between two equal cut-points.
    coalesce(recency_min < recency_max, true)
    and coalesce(frequency_min < frequency_max, true)
    and coalesce(monetary_min < monetary_max, true)
