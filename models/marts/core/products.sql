{{ config(materialized='view') }}

select
    product_id,
    product_description,
    category_name,
    description_variants,
    line_count,
    customer_count,
    units,
    revenue,
    category_similarity,
    first_sold_date,
    last_sold_date
from {{ ref('int_products') }}
