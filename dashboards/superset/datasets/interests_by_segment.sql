-- One row per customer, category and segmentation.
select
    audiences.segmentation,
    audiences.segment,
    customer_interests.customer_id,
    customer_interests.category_name,
    customer_interests.order_count,
    customer_interests.spend,
    customer_interests.last_bought_date
from customer_interests
inner join audiences on customer_interests.customer_id = audiences.customer_id
