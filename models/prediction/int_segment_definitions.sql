-- What a segment is, by study: boxes of recency, frequency and monetary, for learned segments and for cells of scores alike.
with cut_points as (

    select
        'backtest' as study,
        measure,
        cut_number,
        cut_point
    from {{ ref('int_backtest_cut_points') }}

    union all

    select
        'live' as study,
        cut_points.measure,
        cut_points.cut_number,
        cut_points.cut_point
    from {{ ref('score_cut_points') }} as cut_points
    inner join {{ ref('int_score_version_in_use') }} as version_in_use
        on cut_points.score_version = version_in_use.score_version

),

studies as (

    select distinct study from cut_points

),

-- A value that equals a cut-point stays below it: the next box begins a day, an order or a penny above.
borders as (

    select
        study,
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
        studies.study,
        measures.measure,
        case when measures.measure = 'recency_days' then 5 - passed.cut_number else 1 + passed.cut_number end as score,
        lower_borders.border as value_from,
        upper_borders.border as value_below
    from studies
    cross join measures
    cross join passed
    left join borders as lower_borders
        on
            studies.study = lower_borders.study
            and measures.measure = lower_borders.measure
            and passed.cut_number = lower_borders.cut_number
    left join borders as upper_borders
        on
            studies.study = upper_borders.study
            and measures.measure = upper_borders.measure
            and passed.cut_number + 1 = upper_borders.cut_number

),

rfm_boxes as (

    select
        recency.study,
        'rfm' as segmentation,
        cells.segment,
        recency.value_from as recency_from,
        recency.value_below as recency_below,
        frequency.value_from as frequency_from,
        frequency.value_below as frequency_below,
        monetary.value_from as monetary_from,
        monetary.value_below as monetary_below
    from {{ ref('int_rfm_cells') }} as cells
    inner join scores as recency
        on
            recency.measure = 'recency_days'
            and cells.recency_score = recency.score
    inner join scores as frequency
        on
            frequency.measure = 'frequency'
            and recency.study = frequency.study
            and cells.frequency_score = frequency.score
    inner join scores as monetary
        on
            monetary.measure = 'monetary'
            and recency.study = monetary.study
            and cells.monetary_score = monetary.score

),

learned_boxes as (

    select
        'backtest' as study,
        segmentation,
        segment,
        recency_from,
        recency_below,
        frequency_from,
        frequency_below,
        monetary_from,
        monetary_below
    from {{ ref('backtest_rules') }}

    union all

    select
        'live' as study,
        segmentation,
        segment,
        recency_from,
        recency_below,
        frequency_from,
        frequency_below,
        monetary_from,
        monetary_below
    from {{ ref('int_rules_in_use') }}

),

boxes as (

    select * from rfm_boxes

    union all

    select * from learned_boxes

)

select
    study,
    segmentation,
    segment,
    cast(recency_from as integer) as recency_from,
    cast(recency_below as integer) as recency_below,
    cast(frequency_from as bigint) as frequency_from,
    cast(frequency_below as bigint) as frequency_below,
    cast(monetary_from as decimal(18, 2)) as monetary_from,
    cast(monetary_below as decimal(18, 2)) as monetary_below
from boxes
where
    -- Where two cut-points are equal no customer is between them.
    coalesce(recency_from < recency_below, true)
    and coalesce(frequency_from < frequency_below, true)
    and coalesce(monetary_from < monetary_below, true)
