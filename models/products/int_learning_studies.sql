-- The backtest is a study only where one is due; today's categories are learned with the cut-points and rules of their version.
select
    studies.study,
    studies.rules_version,
    studies.frozen_at
from {{ ref('int_studies') }} as studies
left join {{ ref('int_fit_due') }} as due
    on studies.rules_version = due.rules_version
where
    studies.study = 'backtest'
    or due.rules_version is not null
