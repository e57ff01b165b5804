-- The categories share out all products and their revenue.
with categories as (

    select
        sum(product_count) as products,
        sum(revenue) as revenue
    from {{ ref('product_categories') }}

),

catalogue as (

    select
        count(*) as products,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('products') }}

)

select
    categories.products,
    categories.revenue
from categories
inner join catalogue
    on
        categories.products is distinct from catalogue.products
        or categories.revenue is distinct from catalogue.revenue
