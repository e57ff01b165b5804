{#-
    SQL: what models and baselines predicted of each sample that the backtest evaluates on: every
    class with its probability, or the first three where a baseline knows no probabilities. Beside
    it, how confident the model has to be of such samples (`min_confidence`; null: never, or a
    baseline), and on how many samples that was found (`validation_samples`).
-#}
{% macro backtest_predictions() -%}
    with samples as (

        select * from {{ ref('int_classification_samples') }}
        where prediction_run = 'backtest'

    ),

    model_predictions as (

        select * from {{ ref('classification_backtests') }}

    ),

    baselines as (

        select * from {{ ref('int_classification_baselines') }}
        where prediction_run = 'backtest'

    ),

    test_samples as (

        select * from samples
        where role = 'test'

    ),

    {{ confidence_thresholds('model_predictions', 'samples') | indent(4) }},

    predictions as (

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
        from model_predictions
        where role = 'test'

        union all

        select
            task,
            model,
            settings,
            outcome,
            horizon_days,
            sample_number,
            outcome_rank,
            probability,
            true as is_baseline,
            origin_date
        from baselines

    )

    select
        predictions.task,
        predictions.model,
        predictions.settings,
        test_samples.cohort,
        test_samples.confidence_group,
        test_samples.evidence_group,
        test_samples.customer_id,
        test_samples.outcome as actual,
        predictions.outcome,
        predictions.horizon_days,
        predictions.sample_number,
        predictions.outcome_rank,
        predictions.probability,
        confidence_thresholds.min_confidence,
        confidence_thresholds.validation_samples,
        predictions.is_baseline,
        test_samples.origin_date
    from predictions
    inner join test_samples
        on
            predictions.task = test_samples.task
            and predictions.horizon_days = test_samples.horizon_days
            and predictions.origin_date = test_samples.origin_date
            and predictions.sample_number = test_samples.sample_number
    left join confidence_thresholds
        on
            predictions.task = confidence_thresholds.task
            and predictions.model = confidence_thresholds.model
            and predictions.horizon_days = confidence_thresholds.horizon_days
            and predictions.origin_date = confidence_thresholds.origin_date
            and test_samples.confidence_group = confidence_thresholds.confidence_group
{%- endmacro %}
