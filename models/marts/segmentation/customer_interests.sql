{{ config(materialized='view') }}

select
    customer_id,
    category_name,
    category_id,
    order_count,
    spend,
    spend_share,
    interest_rank,
    last_bought_date,
    as_of_date
from {{ ref('int_customer_category_spend') }}
where is_current
