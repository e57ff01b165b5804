with customers as (

    select * from {{ ref('customers') }}

),

customer_alerts as (

    select * from {{ ref('customer_alerts') }}
    where state <> 'resolved'

),

audiences as (

    select * from {{ ref('audiences') }}

),

-- Decimal ranks, as sums of doubles depend on their order. Without a net order there are no ranks.
customers_with_alerts as (

    select
        {% for segmentation in segmentations() %}
        customers.{{ segmentation }}_segment,
        {% endfor %}
        cast(customers.recency_percent_rank as decimal(18, 12)) as recency_rank,
        cast(customers.frequency_percent_rank as decimal(18, 12)) as frequency_rank,
        cast(customers.monetary_percent_rank as decimal(18, 12)) as monetary_rank,
        customer_alerts.monetary as spend_to_date,
        customer_alerts.expected_loss,
        customer_alerts.days_overdue,
        customers.frequency > 0 as is_net_customer
    from customers
    -- Whom the settings leave out is nobody to write to, as in the macro action_members.
    left join customer_alerts
        on
            customers.customer_id = customer_alerts.customer_id
            and not coalesce({{ is_left_out('customers.rfm_segment') | indent(12) }}, false)

),

memberships as (

    {% for segmentation in segmentations() %}
    select
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment,
        recency_rank,
        frequency_rank,
        monetary_rank,
        spend_to_date,
        expected_loss,
        days_overdue,
        is_net_customer
    from customers_with_alerts
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

profiles as (

    select
        segmentation,
        segment,
        count(*) filter (where is_net_customer) as customer_count,
        avg(recency_rank) filter (where is_net_customer) as recency_rank,
        avg(frequency_rank) filter (where is_net_customer) as frequency_rank,
        avg(monetary_rank) filter (where is_net_customer) as monetary_rank,
        count(days_overdue) filter (where is_net_customer) as overdue_customer_count,
        sum(spend_to_date) filter (where is_net_customer) as spend_to_date,
        sum(expected_loss) filter (where is_net_customer) as expected_loss,
        median(days_overdue) filter (where is_net_customer) as median_days_overdue
    from memberships
    group by 1, 2

),

campaigns as (

    select
        segmentation,
        segment,
        count(*) filter (where not is_control) as addressed_customer_count,
        count(*) filter (where is_control) as control_customer_count
    from audiences
    where not coalesce({{ is_left_out('segment') | indent(4) }}, false)
    group by 1, 2

)

select
    profiles.segmentation,
    profiles.segment,
    profiles.customer_count,
    profiles.recency_rank,
    profiles.frequency_rank,
    profiles.monetary_rank,
    profiles.overdue_customer_count,
    cast(coalesce(profiles.spend_to_date, 0) as decimal(18, 2)) as spend_to_date,
    cast(coalesce(profiles.expected_loss, 0) as decimal(18, 2)) as expected_loss,
    profiles.median_days_overdue,
    campaigns.addressed_customer_count,
    campaigns.control_customer_count
from profiles
left join campaigns
    on
        profiles.segmentation = campaigns.segmentation
        and profiles.segment = campaigns.segment
