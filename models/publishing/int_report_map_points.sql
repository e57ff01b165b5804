-- Only where the setting asks for them: numbered in the order of a hash, without ids.
with customers as (

    select
        customer_id,
        broad_segment,
        detailed_segment,
        frequency,
        monetary,
        recency_days,
        embedding_x,
        embedding_y,
        row_number() over (order by md5(customer_id) asc, customer_id asc) as point_number
    from {{ ref('customers') }}
    where
        embedding_x is not null
        and {{ var('report_customer_rows') }}

)

select
    broad_segment,
    detailed_segment,
    cast(point_number as integer) as point_number,
    frequency,
    monetary,
    recency_days,
    embedding_x as x,
    embedding_y as y
from customers
where point_number <= 4000
