-- How well each model and baseline predicted each sample that the backtest evaluates on.
with backtest_predictions as (

    {{ backtest_predictions() | indent(4) }}

),

predictions as (

    select * from backtest_predictions
    where actual is not null

),

sample_interests as (

    select * from {{ ref('int_sample_interests') }}

),

samples as (

    select distinct
        task,
        cohort,
        evidence_group,
        customer_id,
        actual,
        horizon_days,
        sample_number,
        origin_date
    from predictions

),

models as (

    select distinct
        task,
        model,
        settings,
        horizon_days,
        is_baseline,
        origin_date
    from predictions

),

-- A model that predicts nothing of a sample is wrong there: silence on hard samples is no skill.
sample_models as (

    select
        samples.*,
        models.model,
        models.settings,
        models.is_baseline
    from samples
    inner join models
        on
            samples.task = models.task
            and samples.horizon_days = models.horizon_days
            and samples.origin_date = models.origin_date

),

-- One row per model and sample; sums are decimal, as those of doubles depend on their order.
predicted_classes as (

    select
        task,
        model,
        horizon_days,
        sample_number,
        origin_date,
        max(outcome) filter (where outcome_rank = 1) as predicted,
        max(probability) filter (where outcome_rank = 1) as confidence,
        case
            when count(probability) > 0
                then coalesce(max(probability) filter (where outcome = actual), 0)
        end as probability_of_actual,
        sum(cast(probability * probability as decimal(18, 12))) as sum_of_squares,
        max(min_confidence) as min_confidence
    from predictions
    group by 1, 2, 3, 4, 5

),

-- How much of the spend the first three categories predicted find, the earlier the better.
interests_found as (

    select
        predictions.model,
        predictions.sample_number,
        predictions.origin_date,
        count(*) filter (where sample_interests.interest_rank <= 3) as found_of_three,
        sum(
            cast(
                cast(sample_interests.amount as double)
                / log2(1 + predictions.outcome_rank) as decimal(38, 12)
            )
        ) as discounted_amount
    from predictions
    inner join sample_interests
        on
            predictions.task = 'interest'
            and predictions.outcome_rank <= 3
            and predictions.sample_number = sample_interests.sample_number
            and predictions.outcome = cast(sample_interests.category_id as varchar)
    group by 1, 2, 3

),

-- The same of the best order that there is.
interests_to_find as (

    select
        sample_number,
        count(*) as interest_count,
        sum(
            cast(cast(amount as double) / log2(1 + interest_rank) as decimal(38, 12))
        ) as discounted_amount
    from sample_interests
    where interest_rank <= 3
    group by 1

),

interest_scores as (

    select
        sample_models.model,
        sample_models.sample_number,
        sample_models.origin_date,
        coalesce(interests_found.found_of_three, 0) / interests_to_find.interest_count
            as recall_at_3,
        coalesce(interests_found.discounted_amount, 0) / interests_to_find.discounted_amount
            as ndcg_at_3
    from sample_models
    inner join interests_to_find
        on
            sample_models.task = 'interest'
            and sample_models.sample_number = interests_to_find.sample_number
    left join interests_found
        on
            sample_models.model = interests_found.model
            and sample_models.sample_number = interests_found.sample_number
            and sample_models.origin_date = interests_found.origin_date

)

select
    sample_models.task,
    sample_models.model,
    sample_models.settings,
    sample_models.cohort,
    sample_models.evidence_group,
    sample_models.customer_id,
    sample_models.actual,
    predicted_classes.predicted,
    sample_models.horizon_days,
    sample_models.sample_number,
    predicted_classes.confidence,
    predicted_classes.probability_of_actual,
    cast(predicted_classes.sum_of_squares as double)
    - 2 * predicted_classes.probability_of_actual + 1 as brier_score,
    -- A class thought impossible costs as much as one in a million.
    case
        when predicted_classes.probability_of_actual is not null
            then ln(1 / greatest(predicted_classes.probability_of_actual, 1e-6))
    end as log_loss,
    interest_scores.recall_at_3,
    interest_scores.ndcg_at_3,
    sample_models.is_baseline,
    coalesce(predicted_classes.predicted = sample_models.actual, false) as is_correct,
    coalesce(predicted_classes.confidence >= predicted_classes.min_confidence, false)
        as is_confident,
    sample_models.origin_date
from sample_models
left join predicted_classes
    on
        sample_models.task = predicted_classes.task
        and sample_models.model = predicted_classes.model
        and sample_models.horizon_days = predicted_classes.horizon_days
        and sample_models.sample_number = predicted_classes.sample_number
        and sample_models.origin_date = predicted_classes.origin_date
left join interest_scores
    on
        sample_models.task = 'interest'
        and sample_models.model = interest_scores.model
        and sample_models.sample_number = interest_scores.sample_number
        and sample_models.origin_date = interest_scores.origin_date
