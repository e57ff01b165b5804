{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- How good each classifier was in the backtest, and how often each task could be evaluated. These
-- rows mark the backtest as done, so they are stored last: a build that is cut off repeats it.
-- depends_on: {{ ref('spend_evaluations') }}
-- depends_on: {{ ref('calibration_versions') }}, {{ ref('confusion_versions') }}
with figures as (

    select
        *,
        case when task = 'interest' then 'forecast' else 'segment' end as origin_task
    from {{ ref('int_classification_evaluations') }}

),

coverage as (

    select * from {{ ref('int_backtest_coverage') }}

),

-- Every pending backtest has rows of coverage, also without any origin.
versions as (

    select distinct model_version
    from coverage

),

origins as (

    select * from {{ ref('int_prediction_origins') }}
    where prediction_run = 'backtest'

),

{{ evaluation_periods('origins') }},

evaluations as (

    select
        figures.task,
        figures.model,
        figures.settings,
        figures.split,
        figures.metric,
        case
            when figures.split = 'choice'
                then 'known at the earliest origin: which model is compared is chosen by these'
            when figures.metric like 'gain%'
                then concat(
                    'over all horizons, by customer; the ends of the one-sided 95 % intervals ',
                    'are by bootstrap'
                )
            when figures.split like 'where sure, %'
                then concat(
                    'over all horizons, by customer; later than the samples that the threshold ',
                    'was found on'
                )
            when figures.origin_task = 'segment' and figures.horizon_days = 90
                then 'half the horizon, as the history holds too few origins of 180 days'
        end as note,
        figures.horizon_days,
        figures.value,
        figures.sample_size,
        figures.is_baseline,
        periods.train_from,
        periods.train_to,
        case when figures.split = 'choice' then periods.train_from else periods.test_from end
            as test_from,
        case when figures.split = 'choice' then periods.train_to else periods.test_to end
            as test_to
    from figures
    inner join periods
        on
            figures.origin_task = periods.task
            and figures.horizon_days = periods.horizon_days
            and figures.origin_date is not distinct from periods.origin_date

    union all

    select
        task,
        'none' as model,
        'none' as settings,
        'all origins' as split,
        'origins' as metric,
        reason as note,
        horizon_days,
        origin_count as value,
        test_count as sample_size,
        false as is_baseline,
        cast(null as date) as train_from,
        cast(null as date) as train_to,
        cast(null as date) as test_from,
        cast(null as date) as test_to
    from coverage

)

select
    evaluations.task,
    evaluations.model,
    evaluations.settings,
    evaluations.split,
    evaluations.metric,
    evaluations.note,
    versions.model_version,
    cast(evaluations.horizon_days as integer) as horizon_days,
    cast(evaluations.value as double) as value,
    cast(evaluations.sample_size as bigint) as sample_size,
    evaluations.is_baseline,
    evaluations.train_from,
    evaluations.train_to,
    evaluations.test_from,
    evaluations.test_to
from evaluations
cross join versions
{{ skip_existing_version('versions') }}
