-- Who all cancelled has no pauses to be judged by.
with customers as (

    select
        customer_id,
        detailed_segment as segment
    from {{ ref('customers') }}
    where frequency > 0

),

alerts as (

    select * from {{ ref('customer_alerts') }}

)

select
    customers.segment,
    count(*) as customers,
    count(alerts.customer_id) as overdue_customers,
    cast(coalesce(sum(alerts.monetary), 0) as decimal(18, 2)) as revenue_at_risk,
    median(alerts.days_overdue) as median_days_overdue
from customers
left join alerts
    on customers.customer_id = alerts.customer_id
group by 1
