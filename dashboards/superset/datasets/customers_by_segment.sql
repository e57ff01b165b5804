-- One row per customer and segmentation, so that one filter chooses the segmentation everywhere.
select
    audiences.segmentation,
    audiences.segment,
    customers.customer_id,
    customers.country,
    customers.interest_group,
    customers.recency_days,
    customers.frequency,
    customers.monetary,
    customers.expected_spend_90_days,
    customers.first_order_date,
    customers.last_order_date
from audiences
inner join customers on audiences.customer_id = customers.customer_id
