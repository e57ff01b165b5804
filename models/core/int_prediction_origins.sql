-- An origin is a date from which a run predicts without later data. The origins of the backtest
-- lie in the past: models train on what was complete by then, and are evaluated on what followed.
-- They roll back in steps of 30 days from the last date whose outcomes are all known, as long as a
-- month of history is left to train on. Forecasts are also evaluated in the season that today's run
-- forecasts, a year before, where the history holds it.
with orders as (

    select * from {{ ref('int_orders') }}

),

as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}

),

model_versions as (

    select * from {{ ref('model_versions') }}

),

pending_backtests as (

    select * from model_versions
    where is_backtest_pending

),

active_version as (

    select * from model_versions
    where is_active

),

history as (

    select min(order_date) as history_from
    from orders

),

-- Newcomers are followed from their first order on: those of `cohort_days` are one cohort.
tasks as (

    select
        unnest(['forecast', 'segment', 'segment']) as task,
        unnest([90, 180, 90]) as horizon_days,
        unnest([0, 30, 30]) as cohort_days

),

spans as (

    select
        tasks.task,
        tasks.horizon_days,
        tasks.cohort_days,
        history.history_from,
        pending_backtests.baseline_date as last_date,
        cast(pending_backtests.baseline_date - history.history_from as integer) as history_days
    from tasks
    cross join history
    cross join pending_backtests

),

origin_numbers as (

    select unnest(range({{ var('backtest_origins') }})) as origin_number

),

rolling_origins as (

    select
        spans.task,
        spans.horizon_days,
        spans.cohort_days,
        cast(origin_numbers.origin_number as integer) as origin_number,
        spans.last_date - spans.horizon_days - spans.cohort_days
        - cast(30 * origin_numbers.origin_number as integer) as origin_date,
        spans.history_from,
        false as is_shortened,
        false as is_same_season
    from spans
    cross join origin_numbers
    where
        spans.history_days
        >= 2 * spans.horizon_days + spans.cohort_days + 30 * (origin_numbers.origin_number + 1)

),

-- A history too short for cohorts of a month has one origin. The days that it has beyond twice the
-- horizon are halved: one half to train on, the other to evaluate on.
shortened_origins as (

    select
        task,
        horizon_days,
        cast((history_days - 2 * horizon_days) // 2 as integer) as cohort_days,
        0 as origin_number,
        last_date - horizon_days - cast((history_days - 2 * horizon_days) // 2 as integer)
            as origin_date,
        history_from,
        true as is_shortened,
        false as is_same_season
    from spans
    where
        cohort_days > 0
        and history_days - 2 * horizon_days between 2 and cohort_days + 29

),

-- 52 whole weeks before.
same_season_origins as (

    select
        task,
        horizon_days,
        cohort_days,
        cast({{ var('backtest_origins') }} as integer) as origin_number,
        last_date - {{ year_days() }} as origin_date,
        history_from,
        false as is_shortened,
        true as is_same_season
    from spans
    where
        task = 'forecast'
        and history_days >= {{ year_days() }} + horizon_days + 30

),

backtest_origins as (

    select * from rolling_origins

    union all

    select * from same_season_origins

    union all

    select * from shortened_origins

),

full_length as (

    select count(*) as origin_count
    from rolling_origins
    where
        task = 'segment'
        and horizon_days = 180

)

select
    'backtest' as prediction_run,
    backtest_origins.task,
    pending_backtests.model_version,
    backtest_origins.horizon_days,
    backtest_origins.cohort_days,
    backtest_origins.origin_number,
    backtest_origins.is_shortened,
    backtest_origins.is_same_season,
    backtest_origins.origin_date,
    pending_backtests.baseline_date as last_date,
    -- Whatever a run uses that was fitted (categories and their words, cut-points, rules) was
    -- fitted on rows dated up to this day: in the backtest its earliest origin, in the live run the
    -- baseline date of the active version.
    min(backtest_origins.origin_date) over () as frozen_at,
    backtest_origins.history_from
from backtest_origins
cross join pending_backtests
cross join full_length
where
    backtest_origins.task = 'forecast'
    or backtest_origins.horizon_days = 180
    -- Half the horizon is evaluated too only where the history holds too few origins of the full
    -- one.
    or full_length.origin_count < {{ var('backtest_origins') }}

union all

-- The live run predicts from today and trains on all that is complete by then.
select
    'live' as prediction_run,
    tasks.task,
    active_version.model_version,
    tasks.horizon_days,
    tasks.cohort_days,
    0 as origin_number,
    false as is_shortened,
    false as is_same_season,
    as_of_dates.as_of_date as origin_date,
    as_of_dates.as_of_date as last_date,
    active_version.baseline_date as frozen_at,
    history.history_from
from tasks
cross join history
inner join as_of_dates
    on as_of_dates.role = 'as_of'
-- Origins of today stand also where nobody has a net order yet, so no version is active.
left join active_version
    on true
where
    tasks.task = 'forecast'
    or tasks.horizon_days = 180
