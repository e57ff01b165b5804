-- Whatever a study uses that was learned (categories and their words, cut-points, rules) was learned from rows up to `frozen_at`:
-- in the backtest the earliest day from which anything is foretold, today the baseline of the version in use.
select
    origins.study,
    min(due.rules_version) as rules_version,
    max(origins.origin_date) as last_origin_date,
    min(origins.origin_date) as frozen_at
from {{ ref('int_origins') }} as origins
inner join {{ ref('int_fit_due') }} as due
    on origins.study = 'backtest'
group by 1

union all

select
    origins.study,
    max(version_in_use.score_version) as rules_version,
    max(origins.origin_date) as last_origin_date,
    max(version_in_use.baseline_date) as frozen_at
from {{ ref('int_origins') }} as origins
inner join {{ ref('int_score_version_in_use') }} as version_in_use
    on
        origins.study = 'live'
        and version_in_use.score_version is not null
group by 1
