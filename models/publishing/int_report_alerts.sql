-- Who kept nothing has no pauses to be judged by.
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
    cast(coalesce(sum(alerts.monetary), 0) as decimal(18, 2)) as money_at_stake,
    median(alerts.days_over) as median_days_over
from customers
left join alerts
    on customers.customer_id = alerts.customer_id
group by 1
