-- The customers that the backtest's cut-points and rules are fitted on, within the same bounds as
-- the clusterings of today.
with customer_features as (

    select * from {{ ref('int_point_in_time_features') }}
    where frequency > 0

),

prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}
    where prediction_run = 'backtest'

),

customers as (

    select
        customer_features.customer_id,
        customer_features.recency_days,
        customer_features.frequency,
        customer_features.monetary
    from customer_features
    inner join prediction_runs
        on customer_features.as_of_date = prediction_runs.frozen_at

),

{{ within_bounds('customers') }}
