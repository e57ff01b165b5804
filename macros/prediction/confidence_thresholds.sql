{#-
    SQL: the CTE `confidence_thresholds` and those that it needs: the confidence from which on each
    model of `predictions` was right often enough among the validation rows of `samples`; below it,
    it is too early to say. Each group of samples has its own: after one order a model is less
    confident than after three, and less often right of who has been known for a few weeks. Fewer
    than twenty samples prove nothing, and a class less likely than not is never confident, however
    easy the other samples were.
-#}
{% macro confidence_thresholds(predictions, samples) -%}
validation_predictions as (

    select
        predictions.task,
        predictions.model,
        samples.confidence_group,
        samples.horizon_days,
        samples.origin_date,
        predictions.probability as confidence,
        count(*) as sample_count,
        count(*) filter (where predictions.outcome = samples.outcome) as correct_count
    from {{ predictions }} as predictions
    inner join {{ samples }} as samples
        on
            predictions.task = samples.task
            and predictions.horizon_days = samples.horizon_days
            and predictions.origin_date = samples.origin_date
            and predictions.sample_number = samples.sample_number
    where
        predictions.role = 'validation'
        and predictions.outcome_rank = 1
    group by 1, 2, 3, 4, 5, 6

),

running_counts as (

    select
        *,
        sum(sample_count) over most_confident_first as running_sample_count,
        sum(correct_count) over most_confident_first as running_correct_count
    from validation_predictions
    window most_confident_first as (
        partition by task, model, confidence_group, horizon_days, origin_date
        order by confidence desc
        rows between unbounded preceding and current row
    )

),

confidence_thresholds as (

    select
        task,
        model,
        confidence_group,
        horizon_days,
        min(confidence) filter (
            where
            confidence >= 0.5
            and running_sample_count >= 20
            and running_correct_count >= {{ var('min_precision') }} * running_sample_count
        ) as min_confidence,
        cast(sum(sample_count) as bigint) as validation_samples,
        origin_date
    from running_counts
    group by 1, 2, 3, 4, 7

)
{%- endmacro %}
