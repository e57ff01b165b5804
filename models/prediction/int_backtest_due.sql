-- A backtest is due when the version in use has no evaluations yet: in the build that fits it, in the next one if that was cut
-- off on its way, and once in a warehouse that is older than the predictions.
select
    version_in_use.score_version as rules_version,
    version_in_use.baseline_date
from {{ ref('int_score_version_in_use') }} as version_in_use
left join {{ ref('int_backtests_before') }} as backtests_before
    on version_in_use.score_version = backtests_before.rules_version
where
    version_in_use.score_version is not null
    and backtests_before.rules_version is null
