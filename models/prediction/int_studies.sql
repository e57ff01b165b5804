-- Whatever a study uses that was learned (categories and their words, cut-points, rules) was learned from rows up to `frozen_at`:
-- in the backtest the earliest day from which anything is foretold, today the baseline of the version in use.
with studies as (

    select
        origins.study,
        min(due.rules_version) as rules_version,
        max(due.baseline_date) as last_date,
        min(origins.origin_date) as frozen_at,
        min(origins.history_from) as history_from
    from {{ ref('int_origins') }} as origins
    inner join {{ ref('int_backtest_due') }} as due
        on origins.study = 'backtest'
    group by 1

    union all

    select
        origins.study,
        max(version_in_use.score_version) as rules_version,
        max(origins.origin_date) as last_date,
        max(version_in_use.baseline_date) as frozen_at,
        min(origins.history_from) as history_from
    from {{ ref('int_origins') }} as origins
    inner join {{ ref('int_score_version_in_use') }} as version_in_use
        on
            origins.study = 'live'
            and version_in_use.score_version is not null
    group by 1

),

customers as (

    select
        customer_id,
        min(order_date) as first_order_date
    from {{ ref('orders') }}
    group by 1

)

-- Of many customers a part is trained on. How large a part may not depend on customers who came later.
select
    studies.study,
    studies.rules_version,
    least(
        1, {{ var('training_limit') }} / greatest(1, count(*) filter (where customers.first_order_date <= studies.frozen_at))
    ) as training_share,
    studies.last_date,
    studies.frozen_at,
    studies.history_from
from studies
cross join customers
group by all
