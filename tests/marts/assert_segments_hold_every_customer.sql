-- Each segmentation has every customer and all their spend, once.
{{ config(tags='refresh') }}

with customers as (

    select
        count(*) as customers,
        coalesce(sum(monetary), 0) as revenue
    from {{ ref('customers') }}

),

segmentations as (

    select
        segmentation,
        sum(size) as customers,
        sum(revenue) as revenue
    from {{ ref('segments') }}
    group by 1

)

select
    segmentations.*,
    customers.*
from segmentations
inner join customers
    on
        segmentations.customers <> customers.customers
        or segmentations.revenue <> customers.revenue
