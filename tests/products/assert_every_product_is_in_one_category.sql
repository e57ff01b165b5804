-- Where there are categories, each product that was sold is in exactly one, also one that was new
-- after they were learned.
with categories as (

    select count(*) as categories
    from {{ ref('product_categories') }}
    where failure_reason is null

),

placed as (

    select
        product_id,
        count(*) as places
    from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'
    group by 1

)

select
    products.product_id,
    placed.places
from {{ ref('products') }} as products
cross join categories
left join placed
    on products.product_id = placed.product_id
where
    categories.categories > 0
    and (placed.places is distinct from 1 or products.category_name is null)
