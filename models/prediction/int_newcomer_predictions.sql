-- What is said of each newcomer in each task: by the model in use, or by the naive guess that is no worse.
with in_use as (

    select * from {{ ref('int_active_models') }}
    where task <> 'spend'

),

newcomers as (

    select * from {{ ref('int_classification_tasks') }}
    where
        prediction_run = 'live'
        and role = 'predict'

),

model_predictions as (

    select
        task,
        model,
        outcome,
        sample_number,
        outcome_rank,
        probability
    from {{ ref('classification_predictions') }}
    where role = 'predict'

    union all

    select
        newcomers.task,
        'majority' as model,
        majorities.outcome,
        newcomers.sample_number,
        majorities.outcome_rank,
        majorities.probability
    from newcomers
    inner join {{ ref('int_majorities') }} as majorities
        on
            newcomers.prediction_run = majorities.prediction_run
            and newcomers.task = majorities.task
            and newcomers.horizon_days = majorities.horizon_days
            and newcomers.origin_date = majorities.origin_date
            and {{ cohort_key('newcomers') }} = majorities.peers
    where majorities.outcome_rank <= 3

    union all

    select
        'interest' as task,
        model,
        outcome,
        sample_number,
        outcome_rank,
        cast(null as double) as probability
    from {{ ref('int_interest_baselines') }}
    where prediction_run = 'live'

),

interests as (

    select distinct
        cast(category as varchar) as outcome,
        category_name
    from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'

),

thresholds as (

    select * from {{ ref('int_live_thresholds') }}

),

named as (

    select
        newcomers.customer_id,
        newcomers.task,
        model_predictions.model,
        case when newcomers.task = 'interest' then interests.category_name else model_predictions.outcome end as outcome,
        model_predictions.outcome_rank,
        model_predictions.probability,
        thresholds.least_confidence,
        in_use.is_baseline
    from newcomers
    inner join in_use
        on newcomers.task = in_use.task
    inner join model_predictions
        on
            newcomers.task = model_predictions.task
            and newcomers.sample_number = model_predictions.sample_number
            and in_use.model = model_predictions.model
    left join interests
        on
            newcomers.task = 'interest'
            and model_predictions.outcome = interests.outcome
    left join thresholds
        on
            newcomers.task = thresholds.task
            and model_predictions.model = thresholds.model
            and {{ cohort_key('newcomers') }} = thresholds.peers

)

select
    customer_id,
    task,
    model,
    max(outcome) filter (where outcome_rank = 1) as likeliest,
    string_agg(outcome, ' · ' order by outcome_rank asc) filter (where outcome_rank <= 3) as likely,
    max(probability) filter (where outcome_rank = 1) as probability,
    max(least_confidence) as least_confidence,
    bool_or(is_baseline) as is_baseline,
    coalesce(
        max(probability) filter (where outcome_rank = 1 and not is_baseline) >= max(least_confidence), false
    ) as is_sure
from named
group by 1, 2, 3
