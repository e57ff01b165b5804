-- Each segmentation tells of every customer and of all their money, once.
select
    segments.segmentation,
    sum(segments.size) as customers,
from {{ ref('segments') }} as segments
group by 1
having
    sum(segments.size) <> (select count(*) from {{ ref('customers') }})
    or sum(segments.revenue) <> (select coalesce(sum(customers.monetary), 0) from {{ ref('customers') }} as customers)
