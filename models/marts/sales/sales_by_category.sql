with order_lines as (

    select * from {{ ref('order_lines') }}

),

anonymous_sales as (

    select * from {{ ref('int_anonymous_sales') }}

),

products as (

    select
        product_id,
        coalesce(category, 'no category') as product_category
    from {{ ref('products') }}

),

-- Lines are added up to orders before they are counted: an order with ten lines of a category is one.
customer_orders as (

    select
        coalesce(products.product_category, 'no category') as product_category,
        order_lines.invoice_id,
        order_lines.customer_id,
        sum(order_lines.quantity - order_lines.cancelled_quantity) as units,
        sum(order_lines.revenue) as revenue
    from order_lines
    left join products
        on order_lines.product_id = products.product_id
    group by 1, 2, 3

),

anonymous_orders as (

    select
        coalesce(products.product_category, 'no category') as product_category,
        anonymous_sales.invoice_id,
        sum(anonymous_sales.quantity) as units,
        sum(anonymous_sales.gross_amount) as revenue
    from anonymous_sales
    left join products
        on anonymous_sales.product_id = products.product_id
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
        count(*) as products
    from products
    group by 1

)

select
    sales.product_category,
    coalesce(sizes.products, 0) as products,
    {{ sales_of('sales') }},
    sales.revenue / nullif(sum(sales.revenue) over (), 0) as revenue_share
from sales
left join sizes
    on sales.product_category = sizes.product_category
order by 1
