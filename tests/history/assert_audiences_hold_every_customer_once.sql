-- Each segmentation addresses or leaves alone every customer, once.
{{ config(tags='refresh') }}

select
    customers.customer_id,
    count(audiences.customer_id) as audiences,
    count(distinct audiences.segmentation) as segmentations
from {{ ref('customers') }} as customers
left join {{ ref('audiences') }} as audiences
    on customers.customer_id = audiences.customer_id
group by 1
having
    count(audiences.customer_id) <> {{ segmentations() | length }}
    or count(distinct audiences.segmentation) <> {{ segmentations() | length }}
