-- An origin is a day from which something is foretold, knowing nothing later. In the backtest that is a day of the past: models
-- are trained on what was complete by then, and judged by what came after. Origins roll back in steps of 30 days from the last
-- one whose outcomes are all known, as long as a month of history is left to train on.
with history as (

    select min(order_date) as history_from
    from {{ ref('int_orders') }}

),

tasks as (

    select
        unnest(['forecast', 'segment', 'segment']) as task,
        unnest([90, 180, 90]) as horizon_days,
        -- Newcomers are followed from their first order on: those of a month are one cohort.
        unnest([0, 30, 30]) as cohort_days

),

spans as (

    select
        tasks.*,
        history.history_from,
        due.baseline_date as last_date,
        cast(due.baseline_date - history.history_from as integer) as history_days
    from tasks
    cross join history
    cross join {{ ref('int_pending_backtests') }} as due

),

numbers as (

    select unnest(range({{ var('backtest_origins') }})) as origin_number

),

rolling as (

    select
        spans.task,
        spans.horizon_days,
        spans.cohort_days,
        cast(numbers.origin_number as integer) as origin_number,
        spans.last_date - spans.horizon_days - spans.cohort_days - cast(30 * numbers.origin_number as integer) as origin_date,
        spans.history_from
    from spans
    cross join numbers
    where spans.history_days >= 2 * spans.horizon_days + spans.cohort_days + 30 * (numbers.origin_number + 1)

),

-- A history too short for cohorts of a month has one origin, and what it has more than twice the horizon is shared: half the days
-- to train on, half to judge by.
shortened as (

    select
        task,
        horizon_days,
        cast((history_days - 2 * horizon_days) // 2 as integer) as cohort_days,
        0 as origin_number,
        last_date - horizon_days - cast((history_days - 2 * horizon_days) // 2 as integer) as origin_date,
        history_from
    from spans
    where
        cohort_days > 0
        and history_days - 2 * horizon_days between 2 and cohort_days + 29

),

backtest as (

    select
        *,
        false as is_shortened
    from rolling

    union all

    select
        *,
        true as is_shortened
    from shortened

),

-- Half the days are foretold beside the full ones only where a history is too short to try those often enough.
full_length as (

    select count(*) as origins
    from rolling
    where task = 'segment' and horizon_days = 180

)

select
    'backtest' as prediction_run,
    backtest.task,
    backtest.horizon_days,
    backtest.cohort_days,
    backtest.origin_number,
    backtest.is_shortened,
    backtest.origin_date,
    backtest.history_from
from backtest
cross join full_length
where
    backtest.task = 'forecast'
    or backtest.horizon_days = 180
    or full_length.origins < {{ var('backtest_origins') }}

union all

-- Today: nothing to judge by, all that is complete by today to train on.
select
    'live' as prediction_run,
    tasks.task,
    tasks.horizon_days,
    tasks.cohort_days,
    0 as origin_number,
    false as is_shortened,
    as_of_dates.as_of_date as origin_date,
    history.history_from
from tasks
cross join history
inner join {{ ref('int_as_of_dates') }} as as_of_dates
    on as_of_dates.role = 'as_of'
where
    tasks.task = 'forecast'
    or tasks.horizon_days = 180
