-- Each frame of the backtest's judging periods, and how well each model told what came of it.
with predictions as (

    select * from {{ ref('int_classification_predictions') }}
    where actual is not null

),

thresholds as (

    select * from {{ ref('int_backtest_thresholds') }}

),

-- Among the first three, how much of what was spent, the earlier the better.
ranked_interests as (

    select
        predictions.task,
        predictions.model,
        predictions.horizon_days,
        predictions.sample_number,
        predictions.origin_date,
        count(*) filter (where interests.interest_rank <= 3) as found_of_three,
        -- Decimal, as sums of doubles depend on their order.
        sum(cast(cast(interests.amount as double) / log2(1 + predictions.outcome_rank) as decimal(38, 12)))
            as discounted_amount
    from predictions
    inner join {{ ref('int_sample_interests') }} as interests
        on
            predictions.task = 'interest'
            and predictions.sample_number = interests.sample_number
            and predictions.outcome = cast(interests.category as varchar)
    where predictions.outcome_rank <= 3
    group by 1, 2, 3, 4, 5

),

best_interests as (

    select
        sample_number,
        count(*) as interests_of_three,
        sum(cast(cast(amount as double) / log2(1 + interest_rank) as decimal(38, 12))) as best_discounted_amount
    from {{ ref('int_sample_interests') }}
    where interest_rank <= 3
    group by 1

),

judged as (

    select distinct
        task,
        peers,
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

-- Who says nothing of a frame is wrong there: a guess that keeps silent where others err is no better.
frames as (

    select
        judged.task,
        models.model,
        models.settings,
        judged.peers,
        judged.actual,
        judged.horizon_days,
        judged.sample_number,
        models.is_baseline,
        judged.origin_date,
        max(predictions.outcome) filter (where predictions.outcome_rank = 1) as predicted,
        max(predictions.probability) filter (where predictions.outcome_rank = 1) as confidence,
        case
            when count(predictions.probability) > 0
                then coalesce(max(predictions.probability) filter (where predictions.outcome = predictions.actual), 0)
        end as probability_of_actual,
        -- Decimal, as sums of doubles depend on their order.
        sum(cast(predictions.probability * predictions.probability as decimal(18, 12))) as sum_of_squares
    from judged
    inner join models
        on
            judged.task = models.task
            and judged.horizon_days = models.horizon_days
            and judged.origin_date = models.origin_date
    left join predictions
        on
            judged.task = predictions.task
            and judged.horizon_days = predictions.horizon_days
            and judged.origin_date = predictions.origin_date
            and judged.sample_number = predictions.sample_number
            and models.model = predictions.model
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9

)

select
    frames.task,
    frames.model,
    frames.settings,
    frames.peers,
    frames.actual,
    frames.predicted,
    frames.horizon_days,
    frames.sample_number,
    frames.confidence,
    frames.probability_of_actual,
    cast(frames.sum_of_squares as double) - 2 * frames.probability_of_actual + 1 as brier_score,
    -- What was thought impossible costs as much as one in a million.
    case
        when frames.probability_of_actual is not null then ln(1 / greatest(frames.probability_of_actual, 1e-6))
    end as log_loss,
    case
        when frames.task = 'interest'
            then coalesce(ranked_interests.found_of_three, 0) / best_interests.interests_of_three
    end as recall_at_3,
    case
        when frames.task = 'interest'
            then coalesce(ranked_interests.discounted_amount, 0) / best_interests.best_discounted_amount
    end as ndcg_at_3,
    frames.is_baseline,
    coalesce(frames.predicted = frames.actual, false) as is_right,
    coalesce(frames.confidence >= thresholds.least_confidence, false) as is_sure,
    frames.origin_date
from frames
left join thresholds
    on
        frames.task = thresholds.task
        and frames.model = thresholds.model
        and {{ cohort_key('frames') }} = thresholds.peers
        and frames.horizon_days = thresholds.horizon_days
        and frames.origin_date = thresholds.origin_date
left join ranked_interests
    on
        frames.task = ranked_interests.task
        and frames.model = ranked_interests.model
        and frames.horizon_days = ranked_interests.horizon_days
        and frames.sample_number = ranked_interests.sample_number
        and frames.origin_date = ranked_interests.origin_date
left join best_interests
    on
        frames.task = 'interest'
        and frames.sample_number = best_interests.sample_number
