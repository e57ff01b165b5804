-- What models and naive guesses said in the backtest, of each frame to judge by: every class with its probability, or the first
-- three where a guess knows no probabilities.
with tasks as (

    select * from {{ ref('int_classification_tasks') }}
    where
        prediction_run = 'backtest'
        and role = 'test'

),

model_predictions as (

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
    from {{ ref('classification_backtests') }}
    where role = 'test'

    union all

    select
        tasks.task,
        'majority' as model,
        case when tasks.task = 'interest' then 'of all' else 'of newcomers with as many orders' end as settings,
        majorities.outcome,
        tasks.horizon_days,
        tasks.sample_number,
        majorities.outcome_rank,
        majorities.probability,
        true as is_baseline,
        tasks.origin_date
    from tasks
    inner join {{ ref('int_majorities') }} as majorities
        on
            tasks.prediction_run = majorities.prediction_run
            and tasks.task = majorities.task
            and tasks.horizon_days = majorities.horizon_days
            and tasks.origin_date = majorities.origin_date
            and {{ cohort_key('tasks') }} = majorities.peers

    union all

    select
        'interest' as task,
        guesses.model,
        'by money' as settings,
        guesses.outcome,
        tasks.horizon_days,
        guesses.sample_number,
        guesses.outcome_rank,
        cast(null as double) as probability,
        true as is_baseline,
        guesses.origin_date
    from {{ ref('int_interest_baselines') }} as guesses
    inner join tasks
        on
            tasks.task = 'interest'
            and guesses.prediction_run = tasks.prediction_run
            and guesses.sample_number = tasks.sample_number
            and guesses.origin_date = tasks.origin_date

)

select
    model_predictions.task,
    model_predictions.model,
    model_predictions.settings,
    tasks.peers,
    tasks.outcome as actual,
    model_predictions.outcome,
    model_predictions.horizon_days,
    model_predictions.sample_number,
    model_predictions.outcome_rank,
    model_predictions.probability,
    model_predictions.is_baseline,
    tasks.origin_date
from model_predictions
inner join tasks
    on
        model_predictions.task = tasks.task
        and model_predictions.horizon_days = tasks.horizon_days
        and model_predictions.origin_date = tasks.origin_date
        and model_predictions.sample_number = tasks.sample_number
