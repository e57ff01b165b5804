{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- Predictions beside outcomes, for samples with much the same prediction: by tenths of confidence
-- for classes, by tenths of the customers for spend.
with scores as (

    select * from {{ ref('int_classification_scores') }}
    where confidence is not null

),

spend_predictions as (

    select * from {{ ref('int_spend_predictions') }}
    where
        role = 'test'
        and model not in ('perfect ranking', 'ranked by spend to date', 'zero')

),

prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}
    where prediction_run = 'backtest'

),

confidence_bins as (

    select
        task,
        model,
        'confidence' as measure,
        horizon_days,
        least(cast(floor(confidence * 10) as integer), 9) + 1 as bin,
        avg(cast(confidence as decimal(18, 12))) as predicted,
        count(*) filter (where is_correct) / count(*) as observed,
        count(*) as sample_size
    from scores
    group by 1, 2, 3, 4, 5

),

ranked_spend as (

    select
        *,
        ntile(10) over (
            partition by model, origin_date
            order by predicted asc, md5(customer_id) asc, customer_id asc
        ) as bin
    from spend_predictions

),

spend_bins as (

    select
        'spend' as task,
        model,
        'spend' as measure,
        90 as horizon_days,
        bin,
        avg(predicted) as predicted,
        avg(observed) as observed,
        count(*) as sample_size
    from ranked_spend
    group by 1, 2, 3, 4, 5

),

bins as (

    select * from confidence_bins

    union all

    select * from spend_bins

)

select
    bins.task,
    bins.model,
    bins.measure,
    prediction_runs.model_version,
    cast(bins.horizon_days as integer) as horizon_days,
    cast(bins.bin as integer) as bin,
    bins.predicted,
    bins.observed,
    cast(bins.sample_size as bigint) as sample_size
from bins
cross join prediction_runs
{{ skip_existing_version('prediction_runs') }}
