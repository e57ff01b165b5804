-- However sales are grouped, they are the same sales: those of customers, and anonymous ones beside
-- them.
{%- set tables = [
    'sales_by_month', 'sales_by_weekday', 'sales_by_hour', 'sales_by_weekday_and_hour', 'sales_by_country'
] %}

with sales as (

    {% for table in tables %}
    select
        '{{ table }}' as table_name,
        coalesce(sum(order_count), 0) as order_count,
        coalesce(sum(units), 0) as units,
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(anonymous_order_count), 0) as anonymous_order_count,
        coalesce(sum(anonymous_units), 0) as anonymous_units,
        coalesce(sum(anonymous_revenue), 0) as anonymous_revenue
    from {{ ref(table) }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

order_totals as (

    select count(*) as order_count
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
        count(distinct invoice_id) as anonymous_order_count,
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
    (sales.order_count, sales.units, sales.revenue)
    <> (order_totals.order_count, line_totals.units, line_totals.revenue)
    or (sales.anonymous_order_count, sales.anonymous_units, sales.anonymous_revenue)
    <> (
        anonymous_totals.anonymous_order_count,
        anonymous_totals.anonymous_units,
        anonymous_totals.anonymous_revenue
    )
