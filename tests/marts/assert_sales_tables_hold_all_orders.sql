-- However the sales are told apart, they are the same sales: those of customers and, beside them, those that name nobody.
{%- set tables = ['sales_by_month', 'sales_by_weekday', 'sales_by_hour', 'sales_by_weekday_and_hour', 'sales_by_country'] %}

with sales as (

    {% for table in tables %}
    select
        '{{ table }}' as table_name,
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(units), 0) as units,
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(anonymous_orders), 0) as anonymous_orders,
        coalesce(sum(anonymous_units), 0) as anonymous_units,
        coalesce(sum(anonymous_revenue), 0) as anonymous_revenue
    from {{ ref(table) }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

order_totals as (

    select count(*) as orders
    from {{ ref('orders') }}

),

line_totals as (

    select
        coalesce(sum(quantity - cancelled_quantity), 0) as units,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('order_lines') }}

),

anonymous_totals as (

    select
        count(distinct invoice_id) as anonymous_orders,
        coalesce(sum(quantity), 0) as anonymous_units,
        coalesce(sum(gross_amount), 0) as anonymous_revenue
    from {{ ref('int_anonymous_sales') }}

)

select
    sales.*,
    order_totals.*,
    line_totals.*,
    anonymous_totals.*
from sales
cross join order_totals
cross join line_totals
cross join anonymous_totals
where
    (sales.orders, sales.units, sales.revenue) <> (order_totals.orders, line_totals.units, line_totals.revenue)
    or (sales.anonymous_orders, sales.anonymous_units, sales.anonymous_revenue)
    <> (anonymous_totals.anonymous_orders, anonymous_totals.anonymous_units, anonymous_totals.anonymous_revenue)
