-- What customers spent on categories is their money, less what they bought without a product's
-- name.
with interests as (

    select
        customer_id,
        sum(spend) as spend
    from {{ ref('customer_interests') }}
    group by 1

),

categories as (

    select count(*) > 0 as are_known
    from {{ ref('product_categories') }}
    where failure_reason is null

),

without_product as (

    select distinct customer_id
    from {{ ref('order_lines') }}
    where product_id is null

)

select
    customers.customer_id,
    customers.monetary,
    interests.spend
from {{ ref('customers') }} as customers
cross join categories
left join interests
    on customers.customer_id = interests.customer_id
left join without_product
    on customers.customer_id = without_product.customer_id
where
    without_product.customer_id is null
    and coalesce(interests.spend, 0) <> customers.monetary
    and categories.are_known
