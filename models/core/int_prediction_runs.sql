with orders as (

    select * from {{ ref('int_orders') }}

),

-- A run needs a version; the backtest has one only where it is pending and the history holds an
-- origin.
runs as (

    select distinct
        prediction_run,
        model_version,
        last_date,
        frozen_at,
        history_from
    from {{ ref('int_prediction_origins') }}
    where model_version is not null

),

customers as (

    select
        customer_id,
        min(order_date) as first_order_date
    from orders
    group by 1

),

-- The part of the customers to train on may not depend on customers who ordered later.
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
