-- What a segment is, by prediction_run: boxes of recency, frequency and monetary, for learned segments and for cells of scores alike.
with cut_points as (

    select
        'backtest' as prediction_run,
        measure,
        cut_number,
        cut_point
    from {{ ref('int_backtest_cut_points') }}

    union all

    select
        'live' as prediction_run,
        cut_points.measure,
        cut_points.cut_number,
        cut_points.cut_point
    from {{ ref('rfm_cut_points') }} as cut_points
    inner join {{ ref('int_active_version') }} as version_in_use
        on cut_points.model_version = version_in_use.model_version

),

prediction_runs as (

    select distinct prediction_run from cut_points

),

-- A value that equals a cut-point stays below it: the next box begins a day, an order or a penny above.
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

passed as (

    select unnest([0, 1, 2, 3, 4]) as cut_number

),

scores as (

    select
        prediction_runs.prediction_run,
        measures.measure,
        case when measures.measure = 'recency_days' then 5 - passed.cut_number else 1 + passed.cut_number end as score,
        lower_borders.border as value_from,
        upper_borders.border as value_below
    from prediction_runs
    cross join measures
    cross join passed
    left join borders as lower_borders
        on
            prediction_runs.prediction_run = lower_borders.prediction_run
            and measures.measure = lower_borders.measure
            and passed.cut_number = lower_borders.cut_number
    left join borders as upper_borders
        on
            prediction_runs.prediction_run = upper_borders.prediction_run
            and measures.measure = upper_borders.measure
            and passed.cut_number + 1 = upper_borders.cut_number

),

rfm_boxes as (

    select
        recency.prediction_run,
        'rfm' as segmentation,
        cells.segment,
        recency.value_from as recency_min,
        recency.value_below as recency_max,
        frequency.value_from as frequency_min,
        frequency.value_below as frequency_max,
        monetary.value_from as monetary_min,
        monetary.value_below as monetary_max
    from {{ ref('int_rfm_score_map') }} as cells
    inner join scores as recency
        on
            recency.measure = 'recency_days'
            and cells.recency_score = recency.score
    inner join scores as frequency
        on
            frequency.measure = 'frequency'
            and recency.prediction_run = frequency.prediction_run
            and cells.frequency_score = frequency.score
    inner join scores as monetary
        on
            monetary.measure = 'monetary'
            and recency.prediction_run = monetary.prediction_run
            and cells.monetary_score = monetary.score

),

learned_boxes as (

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
    from {{ ref('backtest_rules') }}

    union all

    select
        'live' as prediction_run,
        rules.segmentation,
        rules.segment,
        rules.recency_min,
        rules.recency_max,
        rules.frequency_min,
        rules.frequency_max,
        rules.monetary_min,
        rules.monetary_max
    from {{ ref('int_segment_rules') }} as rules
    inner join {{ ref('int_active_version') }} as active_version
        on rules.model_version = active_version.model_version

),

boxes as (

    select * from rfm_boxes

    union all

    select * from learned_boxes

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
from boxes
where
    -- Where two cut-points are equal no customer is between them.
    coalesce(recency_min < recency_max, true)
    and coalesce(frequency_min < frequency_max, true)
    and coalesce(monetary_min < monetary_max, true)
