with scores as (

    select
        *,
        least(cast(floor(confidence * 10) as integer), 9) as confidence_bin
    from {{ ref('int_classification_scores') }}

),

-- Each figure three times: of one origin and one kind of frame, of the kind over all origins, and of everything.
splits as (

    select
        *,
        unnest([
            concat('from ', origin_date, ', ', peers),
            concat('all origins, ', peers),
            'all origins'
        ]) as split
    from scores

),

by_split as (

    select
        task,
        horizon_days,
        model,
        case when split like 'from %' then settings else 'chosen at each origin' end as settings,
        split,
        is_baseline,
        count(*) as frames,
        count(*) filter (where is_right) / count(*) as accuracy,
        avg(cast(brier_score as decimal(18, 12))) as brier_score,
        avg(cast(log_loss as decimal(18, 12))) as log_loss,
        avg(cast(recall_at_3 as decimal(18, 12))) as recall_at_3,
        avg(cast(ndcg_at_3 as decimal(18, 12))) as ndcg_at_3,
        count(*) filter (where is_sure) / count(*) as coverage,
        count(*) filter (where is_sure and is_right) / nullif(count(*) filter (where is_sure), 0) as precision_where_sure,
        count(confidence) > 0 as has_probabilities
    from splits
    group by 1, 2, 3, 4, 5, 6

),

recalls as (

    select
        task,
        horizon_days,
        model,
        split,
        actual,
        count(*) filter (where is_right) / count(*) as recall
    from splits
    group by 1, 2, 3, 4, 5

),

balanced as (

    select
        task,
        horizon_days,
        model,
        split,
        avg(cast(recall as decimal(18, 12))) as balanced_accuracy
    from recalls
    group by 1, 2, 3, 4

),

bins as (

    select
        task,
        horizon_days,
        model,
        split,
        confidence_bin,
        count(*) as frames,
        abs(
            sum(cast(confidence as decimal(18, 12))) - count(*) filter (where is_right)
        ) as deviation
    from splits
    where confidence is not null
    group by 1, 2, 3, 4, 5

),

calibration as (

    select
        task,
        horizon_days,
        model,
        split,
        cast(sum(deviation) as double) / sum(frames) as expected_calibration_error
    from bins
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
        by_split.is_baseline,
        by_split.frames,
        by_split.accuracy,
        balanced.balanced_accuracy,
        (by_split.accuracy - majorities.accuracy) / nullif(1 - majorities.accuracy, 0) as skill,
        by_split.brier_score,
        by_split.log_loss,
        calibration.expected_calibration_error,
        by_split.recall_at_3,
        by_split.ndcg_at_3,
        case when by_split.has_probabilities and not by_split.is_baseline then by_split.coverage end as coverage,
        case when not by_split.is_baseline then by_split.precision_where_sure end as precision_where_sure
    from by_split
    inner join balanced
        on
            by_split.task = balanced.task
            and by_split.horizon_days = balanced.horizon_days
            and by_split.model = balanced.model
            and by_split.split = balanced.split
    left join calibration
        on
            by_split.task = calibration.task
            and by_split.horizon_days = calibration.horizon_days
            and by_split.model = calibration.model
            and by_split.split = calibration.split
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
    frames as sample_size,
    is_baseline
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
