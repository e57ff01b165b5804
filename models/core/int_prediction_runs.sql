-- Whatever a run uses that was fitted (categories and their words, cut-points, rules) was fitted on
-- rows dated up to `frozen_at`: in the backtest its earliest origin, in the live run the baseline
-- date of the active version.
with orders as (

    select * from {{ ref('int_orders') }}

),

origins as (

    select * from {{ ref('int_prediction_origins') }}

),

active_version as (

    select * from {{ ref('int_active_version') }}
    where model_version is not null

),

pending_backtests as (

    select * from {{ ref('int_pending_backtests') }}

),

backtest as (

    select
        origins.prediction_run,
        pending_backtests.model_version,
        pending_backtests.baseline_date as last_date,
        min(origins.origin_date) as frozen_at,
        min(origins.history_from) as history_from
    from origins
    cross join pending_backtests
    where origins.prediction_run = 'backtest'
    group by 1, 2, 3

),

live as (

    select
        origins.prediction_run,
        active_version.model_version,
        max(origins.origin_date) as last_date,
        active_version.baseline_date as frozen_at,
        min(origins.history_from) as history_from
    from origins
    cross join active_version
    where origins.prediction_run = 'live'
    group by 1, 2, 4

),

runs as (

    select * from backtest

    union all

    select * from live

),

customers as (

    select
        customer_id,
        min(order_date) as first_order_date
    from orders
    group by 1

),

-- The part of the customers to train on may not depend on customers who came later.
known_customers as (

    select
        runs.prediction_run,
        count(customers.customer_id) as customer_count
    from runs
    left join customers
        on runs.frozen_at >= customers.first_order_date
    group by 1

)

select
    runs.prediction_run,
    runs.model_version,
    least(
        1, {{ var('max_training_customers') }} / greatest(1, known_customers.customer_count)
    ) as training_share,
    runs.last_date,
    runs.frozen_at,
    runs.history_from
from runs
inner join known_customers
    on runs.prediction_run = known_customers.prediction_run
