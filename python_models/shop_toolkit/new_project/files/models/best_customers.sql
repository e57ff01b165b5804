-- A model of your own on the package's tables. `dbt build --select best_customers` builds it.
select
    customer_id,
    frequency,
    monetary,
    last_order_date
from {{ ref('customer_segmentation', 'customers') }}
where rfm_segment = 'champions'
