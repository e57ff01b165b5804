-- The customers of the day on which the backtest freezes what it learns: the same bounds as for the clustering in use.
with customers as (

    select
        facts.customer_id,
        facts.recency_days,
        facts.frequency,
        facts.monetary
    from {{ ref('int_point_in_time_features') }} as facts
    inner join {{ ref('int_prediction_runs') }} as prediction_runs
        on
            prediction_runs.prediction_run = 'backtest'
            and facts.as_of_date = prediction_runs.frozen_at
    where facts.frequency > 0

),

{{ within_bounds('customers') }}
