-- A version needs a backtest until its evaluations are stored: in the build that fits it, or in the next one if that build
-- was cut off.
select
    model_version,
    baseline_date
from {{ ref('model_versions') }}
where is_backtest_pending
