-- Only where the setting asks for them. Neither who is drawn nor in which order follows the id: a hash of it could be found
-- out by trying ids. Customers of equal columns are equal here too, so that ties change nothing.
with customers as (

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
    from {{ ref('customers') }}
    where
        embedding_x is not null
        and {{ var('report_customer_rows') }}

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
from customers
where draw_number <= 4000
