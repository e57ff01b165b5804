-- One row per customer who is overdue, and segmentation. Whom the settings leave out has no scores
-- and is nobody to write to.
select
    audiences.segmentation,
    audiences.segment,
    customer_alerts.customer_id,
    customer_alerts.state,
    customer_alerts.recency_days,
    customer_alerts.typical_gap_days,
    customer_alerts.days_overdue,
    customer_alerts.expected_loss,
    customer_alerts.alert_date
from customer_alerts
inner join customers on customer_alerts.customer_id = customers.customer_id
inner join audiences on customer_alerts.customer_id = audiences.customer_id
where customer_alerts.state <> 'resolved' and customers.rfm_score is not null
