with order_lines as (

    select * from {{ ref('order_lines') }}

),

anonymous_sales as (

    {{ anonymous_sales() | indent(4) }}

),

products as (

    select * from {{ ref('products') }}

),

{{ lines_of_orders('anonymous_sales', keys=['invoice_id']) }},  -- noqa: PRS, LT01, LT09

categorised_products as (

    select
        product_id,
        coalesce(category_name, 'no category') as product_category
    from products

),

-- Lines are summed to orders before orders are counted: ten lines of a category in one order are
-- one order.
customer_orders as (

    select
        coalesce(categorised_products.product_category, 'no category') as product_category,
        order_lines.invoice_id,
        order_lines.customer_id,
        sum(order_lines.quantity - order_lines.cancelled_quantity) as units,
        sum(order_lines.revenue) as revenue
    from order_lines
    left join categorised_products
        on order_lines.product_id = categorised_products.product_id
    group by 1, 2, 3

),

anonymous_orders as (

    select
        coalesce(categorised_products.product_category, 'no category') as product_category,
        lines_of_orders.invoice_id,
        sum(lines_of_orders.quantity) as units,
        sum(lines_of_orders.gross_amount) as revenue
    from lines_of_orders
    left join categorised_products
        on lines_of_orders.product_id = categorised_products.product_id
    group by 1, 2

),

orders as (

    select
        product_category,
        customer_id,
        units,
        revenue,
        false as is_anonymous
    from customer_orders

    union all

    select
        product_category,
        null as customer_id,
        units,
        revenue,
        true as is_anonymous
    from anonymous_orders

),

sales as (

    select
        product_category,
        {{ sales_totals() }}
    from orders
    group by 1

),

sizes as (

    select
        product_category,
        count(*) as product_count
    from categorised_products
    group by 1

)

select
    sales.product_category,
    coalesce(sizes.product_count, 0) as product_count,
    {{ sales_of('sales') }},
    sales.revenue / nullif(sum(sales.revenue) over (), 0) as revenue_share
from sales
left join sizes
    on sales.product_category = sizes.product_category
order by 1
