{%- set least_precision = var('min_precision') ~ ' - 0.05' %}
-- What the active model of each task predicts of each newcomer, or a baseline where no model is
-- better. A prediction is sure where its probability is high enough, and where the backtest shows
-- that the model is right often enough when it is that sure, as far ahead.
with active_models as (

    select * from {{ ref('int_active_classification_models') }}

),

precisions as (

    select
        evaluations.task,
        evaluations.model,
        substr(evaluations.split, length('where sure, ') + 1) as evidence_group,
        max(evaluations.sample_size) as tested_customers,
        max(evaluations.value) filter (where evaluations.metric = 'precision_where_sure')
            as precision_where_sure,
        max(evaluations.value) filter (where evaluations.metric = 'precision_lower_bound')
            as precision_lower_bound
    from {{ ref('classification_evaluations') }} as evaluations
    inner join {{ ref('model_versions') }} as versions
        on
            evaluations.model_version = versions.model_version
            and versions.is_active
    where evaluations.split like 'where sure, %'
    group by 1, 2, 3

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

    select * from samples
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
        precisions.precision_where_sure,
        precisions.precision_lower_bound,
        coalesce(precisions.tested_customers, 0) as tested_customers,
        active_models.is_baseline,
        active_models.reason as reason_of_model
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
            and newcomers.confidence_group = confidence_thresholds.confidence_group
    left join precisions
        on
            newcomers.task = precisions.task
            and predictions.model = precisions.model
            and newcomers.evidence_group = precisions.evidence_group

),

newcomer_predictions as (

    select
        customer_id,
        task,
        model,
        max(outcome) filter (where outcome_rank = 1) as most_likely,
        string_agg(outcome, ' · ' order by outcome_rank asc) filter (where outcome_rank <= 3)
            as likely,
        max(probability) filter (where outcome_rank = 1) as probability,
        max(min_confidence) as min_confidence,
        max(validation_samples) as validation_samples,
        max(precision_where_sure) as precision_where_sure,
        max(precision_lower_bound) as precision_lower_bound,
        max(tested_customers) as tested_customers,
        bool_or(is_baseline) as is_baseline,
        max(reason_of_model) as reason_of_model
    from active_predictions
    group by 1, 2, 3

),

explained as (

    select
        *,
        -- Why it is too early to say.
        case
            when is_baseline then reason_of_model
            when min_confidence is null
                then format(
                    'no confidence was right often enough of {} samples of such customers',
                    coalesce(validation_samples, 0)
                )
            when tested_customers < 20
                then format(
                    'too few confident predictions of such customers could be tested: {} of 20',
                    tested_customers
                )
            when precision_lower_bound < {{ least_precision }}
                then format(
                    concat(
                        'confident predictions were right for {:.0f} % of {} such customers, ',
                        'which may be {:.0f} % in truth; {:.0f} % are needed'
                    ),
                    100 * precision_where_sure,
                    tested_customers,
                    floor(100 * precision_lower_bound),
                    100 * ({{ least_precision }})
                )
            when probability < min_confidence
                then format('probability {:.2f}, {:.2f} is needed', probability, min_confidence)
        end as reason
    from newcomer_predictions

)

select
    customer_id,
    task,
    model,
    most_likely,
    likely,
    reason,
    probability,
    min_confidence,
    validation_samples,
    precision_lower_bound,
    tested_customers,
    is_baseline,
    reason is null as is_confident
from explained
