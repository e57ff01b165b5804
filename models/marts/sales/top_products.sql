{%- set most_products = 100 -%}

with products as (

    select * from {{ ref('products') }}

),

order_lines as (

    select * from {{ ref('order_lines') }}

),

ranked as (

    select
        *,
        row_number() over by_revenue as rank,
        sum(revenue) over (
            by_revenue rows between unbounded preceding and current row
        ) as cumulative_revenue,
        sum(revenue) over () as total_revenue
    from products
    window by_revenue as (order by revenue desc, units desc, product_id asc)

),

top as (

    select * from ranked
    where rank <= {{ most_products }}

),

-- Only the lines of these few products.
product_orders as (

    select distinct
        order_lines.product_id,
        order_lines.invoice_id,
        order_lines.customer_id
    from order_lines
    inner join top
        on order_lines.product_id = top.product_id

),

order_counts as (

    select
        product_id,
        count(*) as order_count
    from product_orders
    group by 1

)

select
    cast(top.rank as integer) as rank,
    top.product_id,
    top.product_description,
    top.category_name as product_category,
    order_counts.order_count,
    top.customer_count,
    top.units,
    top.revenue,
    cast(top.revenue as double) / nullif(top.total_revenue, 0) as revenue_share,
    cast(top.cumulative_revenue as double)
    / nullif(top.total_revenue, 0) as cumulative_revenue_share
from top
inner join order_counts
    on top.product_id = order_counts.product_id
order by 1
