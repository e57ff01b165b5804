with order_lines as (

    select * from {{ ref('order_lines') }}
    where product_id is not null

),

description_variants as (

    select
        product_id,
        spelling,
        count(*) over (partition by product_id) as description_variants,
        -- The spelling used most is the product's; of two used as often, the later one.
        row_number() over (
            partition by product_id order by order_lines desc, last_used_at desc, spelling asc
        ) as spelling_rank
    from {{ ref('int_product_description_variants') }}

),

sold as (

    select
        product_id,
        count(*) as order_lines,
        count(distinct customer_id) as customers,
        sum(quantity - cancelled_quantity) as units,
        sum(revenue) as revenue,
        min(order_date) as first_sold_date,
        max(order_date) as last_sold_date
    from order_lines
    group by 1

),

categories as (

    select *
    from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'

)

select
    sold.product_id,
    description_variants.spelling as product_description,
    categories.category_name as category,
    coalesce(description_variants.description_variants, 0) as description_variants,
    sold.order_lines,
    sold.customers,
    cast(sold.units as decimal(18, 3)) as units,
    cast(sold.revenue as decimal(18, 2)) as revenue,
    categories.similarity as category_similarity,
    sold.first_sold_date,
    sold.last_sold_date
from sold
left join description_variants
    on
        sold.product_id = description_variants.product_id
        and description_variants.spelling_rank = 1
left join categories
    on sold.product_id = categories.product_id
