-- Whatever a prediction_run uses that was learned (categories and their words, cut-points, rules) was learned from rows up to `frozen_at`:
-- in the backtest the earliest day from which anything is foretold, today the baseline of the version in use.
with prediction_runs as (

    select
        origins.prediction_run,
        min(due.model_version) as model_version,
        max(due.baseline_date) as last_date,
        min(origins.origin_date) as frozen_at,
        min(origins.history_from) as history_from
    from {{ ref('int_origins') }} as origins
    inner join {{ ref('int_pending_backtests') }} as due
        on origins.prediction_run = 'backtest'
    group by 1

    union all

    select
        origins.prediction_run,
        max(version_in_use.model_version) as model_version,
        max(origins.origin_date) as last_date,
        max(version_in_use.baseline_date) as frozen_at,
        min(origins.history_from) as history_from
    from {{ ref('int_origins') }} as origins
    inner join {{ ref('int_active_version') }} as version_in_use
        on
            origins.prediction_run = 'live'
            and version_in_use.model_version is not null
    group by 1

),

customers as (

    select
        customer_id,
        min(order_date) as first_order_date
    from {{ ref('int_orders') }}
    group by 1

)

-- Of many customers a part is trained on. How large a part may not depend on customers who came later.
select
    prediction_runs.prediction_run,
    prediction_runs.model_version,
    least(
        1, {{ var('max_training_customers') }} / greatest(1, count(*) filter (where customers.first_order_date <= prediction_runs.frozen_at))
    ) as training_share,
    prediction_runs.last_date,
    prediction_runs.frozen_at,
    prediction_runs.history_from
from prediction_runs
cross join customers
group by all
