-- What the active model of each task predicts of each newcomer, or the baseline that is no worse.
with active_models as (

    select * from {{ ref('int_active_classification_models') }}

),

model_predictions as (

    select * from {{ ref('classification_predictions') }}

),

samples as (

    select * from {{ ref('int_classification_samples') }}
    where prediction_run = 'live'

),

baselines as (

    select * from {{ ref('int_classification_baselines') }}
    where prediction_run = 'live'

),

products_by_category as (

    select * from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'

),

categories as (

    select distinct
        'interest' as task,
        cast(category_id as varchar) as outcome,
        category_name
    from products_by_category

),

newcomers as (

    select
        *,
        {{ cohort_key() }} as cohort_key
    from samples
    where role = 'predict'

),

{{ confidence_thresholds('model_predictions', 'samples') }},

predictions as (

    select
        task,
        model,
        outcome,
        sample_number,
        outcome_rank,
        probability
    from model_predictions
    where role = 'predict'

    union all

    select
        task,
        model,
        outcome,
        sample_number,
        outcome_rank,
        probability
    from baselines

),

active_predictions as (

    select
        newcomers.customer_id,
        newcomers.task,
        predictions.model,
        case
            when newcomers.task = 'interest' then categories.category_name
            else predictions.outcome
        end as outcome,
        predictions.outcome_rank,
        predictions.probability,
        confidence_thresholds.min_confidence,
        confidence_thresholds.validation_samples,
        active_models.is_baseline
    from newcomers
    inner join active_models
        on newcomers.task = active_models.task
    inner join predictions
        on
            newcomers.task = predictions.task
            and newcomers.sample_number = predictions.sample_number
            and active_models.model = predictions.model
    left join categories
        on
            newcomers.task = categories.task
            and predictions.outcome = categories.outcome
    left join confidence_thresholds
        on
            newcomers.task = confidence_thresholds.task
            and predictions.model = confidence_thresholds.model
            and newcomers.cohort_key = confidence_thresholds.cohort_key

)

select
    customer_id,
    task,
    model,
    max(outcome) filter (where outcome_rank = 1) as most_likely,
    string_agg(outcome, ' · ' order by outcome_rank asc) filter (where outcome_rank <= 3) as likely,
    max(probability) filter (where outcome_rank = 1) as probability,
    max(min_confidence) as min_confidence,
    max(validation_samples) as validation_samples,
    bool_or(is_baseline) as is_baseline,
    coalesce(
        max(probability) filter (where outcome_rank = 1 and not is_baseline) >= max(min_confidence),
        false
    ) as is_confident
from active_predictions
group by 1, 2, 3
