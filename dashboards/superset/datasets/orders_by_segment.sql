-- One row per order and segmentation, with the segment of its customer today.
select
    audiences.segmentation,
    audiences.segment,
    orders.invoice_id,
    orders.customer_id,
    orders.country,
    orders.units,
    orders.revenue,
    orders.order_date
from orders
inner join audiences on orders.customer_id = audiences.customer_id
where not orders.is_fully_cancelled
