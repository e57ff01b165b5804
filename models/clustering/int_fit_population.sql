-- A fit is due when the version in use has cut-points and no rules: they are fitted together, once.
with due as (

    select version_in_use.model_version
    from {{ ref('int_active_version') }} as version_in_use
    left join {{ ref('int_previous_rules') }} as rules_before
        on version_in_use.model_version = rules_before.model_version
    where
        version_in_use.model_version is not null
        and rules_before.model_version is null

),

baseline as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'baseline'

),

customers as (

    select
        due.model_version,
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
