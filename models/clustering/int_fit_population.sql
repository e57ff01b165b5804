-- A fit is due when the version in use has cut-points and no rules: they are fitted together, once.
with due as (

    select version_in_use.score_version as rules_version
    from {{ ref('int_score_version_in_use') }} as version_in_use
    left join {{ ref('int_rules_before') }} as rules_before
        on version_in_use.score_version = rules_before.rules_version
    where
        version_in_use.score_version is not null
        and rules_before.rules_version is null

),

baseline as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'baseline'

),

customers as (

    select
        due.rules_version,
        facts.as_of_date as baseline_date,
        facts.customer_id,
        facts.recency_days,
        facts.frequency,
        facts.monetary
    from {{ ref('int_customer_facts') }} as facts
    inner join baseline
        on facts.as_of_date = baseline.as_of_date
    cross join due
    where facts.frequency > 0

),

-- A handful of wholesalers would be the only clusters found: those far above the rest are left out of the fit, and get their
-- segment from the rules afterwards.
bounds as (

    select
        quantile_disc(frequency, 0.95) as frequency_bound,
        quantile_disc(monetary, 0.95) as monetary_bound
    from customers

),

bounded as (

    select
        customers.*,
        customers.frequency <= bounds.frequency_bound and customers.monetary <= bounds.monetary_bound as is_within_bounds
    from customers
    cross join bounds

),

-- The sample is drawn by a hash: the same customers in each build, whatever their order.
drawn as (

    select
        *,
        row_number() over (partition by is_within_bounds order by md5(customer_id), customer_id) as draw
    from bounded

)

select
    customer_id,
    rules_version,
    recency_days,
    frequency,
    monetary,
    is_within_bounds,
    is_within_bounds and draw <= {{ var('sample_limit') }} as is_fitted,
    baseline_date
from drawn
