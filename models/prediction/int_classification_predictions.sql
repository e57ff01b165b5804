-- What models and baselines predicted of each sample that the backtest evaluates on: every class
-- with its probability, or the first three where a baseline knows no probabilities.
with samples as (

    select * from {{ ref('int_classification_samples') }}
    where
        prediction_run = 'backtest'
        and role = 'test'

),

model_predictions as (

    select * from {{ ref('classification_backtests') }}
    where role = 'test'

),

baselines as (

    select * from {{ ref('int_classification_baselines') }}
    where prediction_run = 'backtest'

),

predictions as (

    select
        task,
        model,
        settings,
        outcome,
        horizon_days,
        sample_number,
        outcome_rank,
        probability,
        false as is_baseline,
        origin_date
    from model_predictions

    union all

    select
        task,
        model,
        settings,
        outcome,
        horizon_days,
        sample_number,
        outcome_rank,
        probability,
        true as is_baseline,
        origin_date
    from baselines

)

select
    predictions.task,
    predictions.model,
    predictions.settings,
    samples.cohort,
    samples.outcome as actual,
    predictions.outcome,
    predictions.horizon_days,
    predictions.sample_number,
    predictions.outcome_rank,
    predictions.probability,
    predictions.is_baseline,
    samples.origin_date
from predictions
inner join samples
    on
        predictions.task = samples.task
        and predictions.horizon_days = samples.horizon_days
        and predictions.origin_date = samples.origin_date
        and predictions.sample_number = samples.sample_number
