-- The model of each task is chosen on validation samples of the earliest origin, which lie before
-- everything that it is evaluated on.
with scores as (

    select
        *,
        least(cast(floor(confidence * 10) as integer), 9) as confidence_bin
    from {{ ref('int_classification_scores') }}

),

model_predictions as (

    select * from {{ ref('classification_backtests') }}

),

validation_samples as (

    select * from {{ ref('int_classification_samples') }}
    where
        prediction_run = 'backtest'
        and role = 'validation'

),

-- Where a task is evaluated at two horizons, what is said of both together counts for the longer.
tasks as (

    select
        task,
        max(horizon_days) as horizon_days
    from scores
    group by 1

),

-- Each figure three times: of one origin and one cohort, of the cohort over all origins, and of
-- all.
splits as (

    select
        *,
        concat('from ', origin_date, ', ', cohort) as split,
        origin_date as split_origin_date,
        settings as split_settings
    from scores

    union all

    select
        *,
        concat('all origins, ', cohort) as split,
        cast(null as date) as split_origin_date,
        'chosen at each origin' as split_settings
    from scores

    union all

    select
        *,
        'all origins' as split,
        cast(null as date) as split_origin_date,
        'chosen at each origin' as split_settings
    from scores

),

-- Sums of doubles depend on their order, those of decimals do not.
by_split as (

    select
        task,
        horizon_days,
        model,
        split_settings as settings,
        split,
        split_origin_date as origin_date,
        is_baseline,
        count(*) as sample_count,
        count(*) filter (where is_correct) / count(*) as accuracy,
        avg(cast(brier_score as decimal(18, 12))) as brier_score,
        avg(cast(log_loss as decimal(18, 12))) as log_loss,
        avg(cast(recall_at_3 as decimal(18, 12))) as recall_at_3,
        avg(cast(ndcg_at_3 as decimal(18, 12))) as ndcg_at_3,
        count(*) filter (where is_confident) / count(*) as coverage,
        count(*) filter (where is_confident and is_correct)
        / nullif(count(*) filter (where is_confident), 0) as precision_where_sure,
        count(confidence) > 0 as has_probabilities
    from splits
    group by 1, 2, 3, 4, 5, 6, 7

),

recalls as (

    select
        task,
        horizon_days,
        model,
        split,
        actual,
        count(*) filter (where is_correct) / count(*) as recall
    from splits
    group by 1, 2, 3, 4, 5

),

balanced_accuracies as (

    select
        task,
        horizon_days,
        model,
        split,
        avg(cast(recall as decimal(18, 12))) as balanced_accuracy
    from recalls
    group by 1, 2, 3, 4

),

confidence_bins as (

    select
        task,
        horizon_days,
        model,
        split,
        confidence_bin,
        count(*) as sample_count,
        abs(
            sum(cast(confidence as decimal(18, 12))) - count(*) filter (where is_correct)
        ) as deviation
    from splits
    where confidence is not null
    group by 1, 2, 3, 4, 5

),

calibration_errors as (

    select
        task,
        horizon_days,
        model,
        split,
        cast(sum(deviation) as double) / sum(sample_count) as expected_calibration_error
    from confidence_bins
    group by 1, 2, 3, 4

),

-- The earliest of all horizons: a later one's validation samples are of the days that an earlier
-- one's test samples are of.
first_origins as (

    select
        task,
        min(origin_date) as origin_date
    from scores
    group by 1

),

first_validation_samples as (

    select validation_samples.*
    from validation_samples
    inner join first_origins
        on
            validation_samples.task = first_origins.task
            and validation_samples.origin_date = first_origins.origin_date

),

choices as (

    select
        model_predictions.task,
        model_predictions.model,
        model_predictions.horizon_days,
        count(*) filter (where model_predictions.outcome = first_validation_samples.outcome)
            as correct_count,
        count(*) as sample_count,
        first_validation_samples.origin_date
    from model_predictions
    inner join first_validation_samples
        on
            model_predictions.task = first_validation_samples.task
            and model_predictions.horizon_days = first_validation_samples.horizon_days
            and model_predictions.sample_number = first_validation_samples.sample_number
            and model_predictions.origin_date = first_validation_samples.origin_date
    where
        model_predictions.role = 'validation'
        and model_predictions.outcome_rank = 1
    group by 1, 2, 3, 6

),

accuracies_of_choices as (

    select
        task,
        model,
        sum(correct_count) / sum(sample_count) as accuracy
    from choices
    group by 1, 2

),

chosen_models as (

    select
        task,
        model
    from accuracies_of_choices
    qualify row_number() over (partition by task order by accuracy desc, model asc) = 1

),

-- Without any validation sample the vote stands for the models: it needs no choice.
compared_models as (

    select
        tasks.task,
        coalesce(chosen_models.model, 'soft_vote') as model
    from tasks
    left join chosen_models
        on tasks.task = chosen_models.task

),

accuracies_of_baselines as (

    select
        task,
        model,
        count(*) filter (where is_correct) / count(*) as accuracy
    from scores
    where is_baseline
    group by 1, 2

),

-- The model has to beat each baseline, so the one that turned out best. That flatters the baseline.
best_baselines as (

    select
        task,
        model
    from accuracies_of_baselines
    qualify row_number() over (partition by task order by accuracy desc, model asc) = 1

),

-- A customer with several samples counts as one.
customer_gains as (

    select
        scores.task,
        scores.model,
        best_baselines.model as baseline,
        scores.customer_id,
        count(*) as sample_count,
        sum(cast(scores.is_correct as integer) - cast(baseline_scores.is_correct as integer))
            as gain
    from scores
    inner join compared_models
        on
            scores.task = compared_models.task
            and scores.model = compared_models.model
    inner join best_baselines
        on scores.task = best_baselines.task
    inner join scores as baseline_scores
        on
            best_baselines.task = baseline_scores.task
            and best_baselines.model = baseline_scores.model
            and scores.horizon_days = baseline_scores.horizon_days
            and scores.sample_number = baseline_scores.sample_number
            and scores.origin_date = baseline_scores.origin_date
    group by 1, 2, 3, 4

),

{{ bootstrap_weights('customer_gains') }},

resampled_gains as (

    select
        customer_gains.task,
        bootstrap_weights.resample,
        sum(customer_gains.gain * bootstrap_weights.weight)
        / sum(customer_gains.sample_count * bootstrap_weights.weight) as gain
    from customer_gains
    inner join bootstrap_weights
        on customer_gains.customer_id = bootstrap_weights.customer_id
    group by 1, 2

),

gain_bounds as (

    select
        task,
        quantile_cont(gain, 0.05) as gain_lower_bound,
        quantile_cont(gain, 0.95) as gain_upper_bound
    from resampled_gains
    group by 1

),

gains as (

    select
        customer_gains.task,
        customer_gains.model,
        concat('against ', customer_gains.baseline) as settings,
        'all origins' as split,
        count(*) as customer_count,
        cast(sum(customer_gains.gain) / sum(customer_gains.sample_count) as double) as gain,
        cast(any_value(gain_bounds.gain_lower_bound) as double) as gain_lower_bound,
        cast(any_value(gain_bounds.gain_upper_bound) as double) as gain_upper_bound
    from customer_gains
    inner join gain_bounds
        on customer_gains.task = gain_bounds.task
    group by 1, 2, 3

),

-- How often a model was right where it was confident enough: on later samples than those that its
-- threshold was found on.
confident_customers as (

    select
        task,
        model,
        evidence_group,
        customer_id,
        cast(count(*) filter (where is_correct) / count(*) as decimal(18, 12))
            as precision_of_customer
    from scores
    where
        is_confident
        and not is_baseline
    group by 1, 2, 3, 4

),

confident_groups as (

    select
        task,
        model,
        evidence_group,
        count(*) as customer_count,
        cast(avg(precision_of_customer) as double) as precision_where_sure
    from confident_customers
    group by 1, 2, 3

),

confident_precisions as (

    select
        task,
        model,
        'chosen at each origin' as settings,
        concat('where sure, ', evidence_group) as split,
        customer_count,
        precision_where_sure,
        {{ wilson_lower_bound('precision_where_sure', 'customer_count') }}
            as precision_lower_bound
    from confident_groups

),

gain_figures as (

    select * from gains
    unpivot (value for metric in (gain, gain_lower_bound, gain_upper_bound))

),

precision_figures as (

    select * from confident_precisions
    unpivot (value for metric in (precision_where_sure, precision_lower_bound))

),

figures_of_customers as (

    select * from gain_figures

    union all

    select * from precision_figures

),

majorities as (

    select
        task,
        horizon_days,
        split,
        accuracy
    from by_split
    where model = 'majority'

),

measured as (

    select
        by_split.task,
        by_split.horizon_days,
        by_split.model,
        by_split.settings,
        by_split.split,
        by_split.origin_date,
        by_split.is_baseline,
        by_split.sample_count,
        by_split.accuracy,
        balanced_accuracies.balanced_accuracy,
        (by_split.accuracy - majorities.accuracy) / nullif(1 - majorities.accuracy, 0) as skill,
        by_split.brier_score,
        by_split.log_loss,
        calibration_errors.expected_calibration_error,
        by_split.recall_at_3,
        by_split.ndcg_at_3,
        case when by_split.has_probabilities and not by_split.is_baseline then by_split.coverage end
            as coverage,
        case when not by_split.is_baseline then by_split.precision_where_sure end
            as precision_where_sure
    from by_split
    inner join balanced_accuracies
        on
            by_split.task = balanced_accuracies.task
            and by_split.horizon_days = balanced_accuracies.horizon_days
            and by_split.model = balanced_accuracies.model
            and by_split.split = balanced_accuracies.split
    left join calibration_errors
        on
            by_split.task = calibration_errors.task
            and by_split.horizon_days = calibration_errors.horizon_days
            and by_split.model = calibration_errors.model
            and by_split.split = calibration_errors.split
    left join majorities
        on
            by_split.task = majorities.task
            and by_split.horizon_days = majorities.horizon_days
            and by_split.split = majorities.split

),

measured_figures as (

    select * from measured
    unpivot (
        value for metric in (
            accuracy,
            balanced_accuracy,
            skill,
            brier_score,
            log_loss,
            expected_calibration_error,
            recall_at_3,
            ndcg_at_3,
            coverage,
            precision_where_sure
        )
    )

)

select
    task,
    model,
    settings,
    split,
    metric,
    cast(horizon_days as integer) as horizon_days,
    cast(value as double) as value,
    sample_count as sample_size,
    is_baseline,
    origin_date
from measured_figures

union all

select
    figures_of_customers.task,
    figures_of_customers.model,
    figures_of_customers.settings,
    figures_of_customers.split,
    figures_of_customers.metric,
    cast(tasks.horizon_days as integer) as horizon_days,
    figures_of_customers.value,
    figures_of_customers.customer_count as sample_size,
    false as is_baseline,
    cast(null as date) as origin_date
from figures_of_customers
inner join tasks
    on figures_of_customers.task = tasks.task

union all

select
    task,
    model,
    'validation samples' as settings,
    'choice' as split,
    'accuracy' as metric,
    cast(horizon_days as integer) as horizon_days,
    cast(correct_count / sample_count as double) as value,
    sample_count as sample_size,
    false as is_baseline,
    origin_date
from choices
