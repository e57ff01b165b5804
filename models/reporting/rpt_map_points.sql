{%- set most_points = 4000 -%}

-- Empty unless the setting asks for customers.
with customers as (

    select * from {{ ref('customers') }}
    where
        embedding_x is not null
        and {{ var('report_customer_rows') | lower }}

),

-- Neither who is drawn nor the order follows the id, because trying ids would reveal a hash of it.
-- Customers with equal columns are equal here too, so ties change nothing.
drawn as (

    select
        broad_segment,
        detailed_segment,
        frequency,
        monetary,
        recency_days,
        embedding_x,
        embedding_y,
        row_number() over (
            order by
                md5(concat_ws(' ', embedding_x, embedding_y)) asc,
                embedding_x asc,
                embedding_y asc,
                recency_days asc,
                frequency asc,
                monetary asc,
                broad_segment asc,
                detailed_segment asc
        ) as draw_number
    from customers

)

select
    broad_segment,
    detailed_segment,
    cast(
        row_number() over (
            order by
                embedding_x asc,
                embedding_y asc,
                draw_number asc
        ) as integer
    ) as point_number,
    frequency,
    monetary,
    recency_days,
    embedding_x as x,
    embedding_y as y
from drawn
where draw_number <= {{ most_points }}
