{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- Stored last, so that a build that is cut off judges again.
-- depends_on: {{ ref('calibration_versions') }}, {{ ref('confusion_versions') }}
select
    evaluations.task,
    evaluations.model,
    evaluations.settings,
    evaluations.split,
    evaluations.metric,
    evaluations.note,
    due.model_version,
    cast(evaluations.horizon_days as integer) as horizon_days,
    cast(evaluations.value as double) as value,
    cast(evaluations.sample_size as bigint) as sample_size,
    evaluations.is_baseline,
    evaluations.train_from,
    evaluations.train_to,
    evaluations.test_from,
    evaluations.test_to
from {{ ref('int_prediction_evaluations') }} as evaluations
cross join {{ ref('int_pending_backtests') }} as due
{{ skip_existing_version('due') }}
