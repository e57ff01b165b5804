with order_lines as (

    select * from {{ ref('int_order_lines') }}
    where product_id is not null

),

described_lines as (

    select
        product_id,
        product_description,
        ordered_at
    from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is null
        and not is_cancellation

),

{{ description_ranks('described_lines') }},  -- noqa: PRS, LT01

sold as (

    select
        product_id,
        count(*) as line_count,
        count(distinct customer_id) as customer_count,
        sum(quantity - cancelled_quantity) as units,
        sum(revenue) as revenue,
        cast(min(ordered_at) as date) as first_sold_date,
        cast(max(ordered_at) as date) as last_sold_date
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
    variants.description as product_description,
    categories.category_name,
    coalesce(variants.description_variants, 0) as description_variants,
    sold.line_count,
    sold.customer_count,
    cast(sold.units as decimal(18, 3)) as units,
    cast(sold.revenue as decimal(18, 2)) as revenue,
    categories.similarity as category_similarity,
    sold.first_sold_date,
    sold.last_sold_date
from sold
left join variants
    on
        sold.product_id = variants.product_id
        and variants.variant_rank = 1
left join categories
    on sold.product_id = categories.product_id
