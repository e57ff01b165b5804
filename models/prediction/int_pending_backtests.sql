-- A backtest is due when the version in use has no evaluations yet: in the build that fits it, in the next one if that was cut
-- off on its way, and once in a warehouse that is older than the predictions.
select
    version_in_use.model_version,
    version_in_use.baseline_date
from {{ ref('int_active_version') }} as version_in_use
left join {{ ref('int_previous_backtests') }} as backtests_before
    on version_in_use.model_version = backtests_before.model_version
where
    version_in_use.model_version is not null
    and backtests_before.model_version is null
