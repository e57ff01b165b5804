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

{{ within_bounds('customers') }}
