{%- set news_days, default_model = alert_news_days(), default_alert_model() %}

with as_of as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

customers as (

    select * from {{ ref('customers') }}
    where frequency > 0

),

evaluations as (

    select * from {{ ref('int_history_evaluations') }}

),

-- What the last full build found best on the past.
active_model as (

    select coalesce(max(model), '{{ default_model }}') as model
    from evaluations
    where split = 'rule in use'

),

probabilities as (

    select
        score_from,
        value as probability
    from evaluations
    where score_from is not null

),

-- What is known at the date: days with orders that are net then.
orders as (

    select distinct
        states.customer_id,
        states.order_date
    from {{ ref('int_order_states_scd2') }} as states
    inner join as_of
        on {{ is_valid_on('states', 'as_of.as_of_date') | indent(12) }}
    where states.is_net

),

order_days as (

    select
        customers.as_of_date,
        customers.customer_id,
        customers.detailed_segment as segment,
        orders.order_date
    from orders
    inner join customers
        on orders.customer_id = customers.customer_id

),

{{ alert_rules('order_days', models='active_model') }},

-- An absence that lasts is an open alert; one that an order ended in the last days is resolved. By
-- days alone, so that any build of a day says the same. An order on the very day on which an alert
-- would have begun comes before it: the last day of an absence is the day before.
absences as (

    select
        alert_rules.*,
        customers.detailed_segment,
        customers.recency_days,
        customers.monetary,
        customers.expected_spend_90_days,
        alert_rules.last_order_date > customers.as_of_date - {{ news_days }}
        and coalesce(customers.recency_days <= alert_rules.gap_days, true) as is_over,
        case when is_over then alert_rules.gap_days_before else alert_rules.gap_days end
            as decisive_gap_days,
        case when is_over then alert_rules.ended_gap_days - 1 else customers.recency_days end
        - decisive_gap_days as days_overdue,
        case
            when is_over then alert_rules.return_date - alert_rules.ended_gap_days
            else alert_rules.last_order_date
        end + decisive_gap_days + 1 as alert_date
    from alert_rules
    inner join customers
        on alert_rules.customer_id = customers.customer_id

),

alerts as (

    select
        *,
        case
            when is_over then 'resolved'
            when alert_date > as_of_date - {{ news_days }} then 'new'
            else 'continuing'
        end as state,
        {{ stopped_score('gaps', 'active_days', 'recency_days', 'days_per_order') | indent(8) }}
            as stopped_score
    from absences
    where days_overdue between 1 and {{ days_until_silent() }}

),

observed_probabilities as (

    select
        alerts.customer_id,
        max(probabilities.probability) as probability
    from alerts
    inner join probabilities
        on alerts.stopped_score >= probabilities.score_from
    group by 1

),

-- The score itself where the past is too short to show what became of such customers.
alerts_with_probability as (

    select
        alerts.*,
        case
            when alerts.state = 'resolved' then 0
            else coalesce(observed_probabilities.probability, alerts.stopped_score, 0)
        end as probability
    from alerts
    left join observed_probabilities
        on alerts.customer_id = observed_probabilities.customer_id

)

select
    customer_id,
    detailed_segment,
    state,
    model as rule,
    gap_basis,
    recency_days,
    decisive_gap_days as typical_gap_days,
    cast(days_overdue as integer) as days_overdue,
    monetary,
    cast(probability as double) as probability,
    cast(
        -- Newer than the last forecast: the past rate.
        probability * coalesce(
            expected_spend_90_days,
            90 * monetary / greatest(active_days + recency_days, 90)
        ) as decimal(18, 2)
    ) as expected_loss,
    alert_date,
    as_of_date
from alerts_with_probability
