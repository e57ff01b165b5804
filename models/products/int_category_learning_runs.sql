-- The backtest is a prediction_run only where one is due; today's categories are learned with the cut-points and rules of their version.
select
    prediction_runs.prediction_run,
    prediction_runs.model_version,
    prediction_runs.frozen_at
from {{ ref('int_prediction_runs') }} as prediction_runs
left join {{ ref('int_pending_fits') }} as due
    on prediction_runs.model_version = due.model_version
where
    prediction_runs.prediction_run = 'backtest'
    or due.model_version is not null
