with scores as (

    select
        *,
        least(cast(floor(confidence * 10) as integer), 9) as confidence_bin
    from {{ ref('int_classification_scores') }}

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
from measured
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
