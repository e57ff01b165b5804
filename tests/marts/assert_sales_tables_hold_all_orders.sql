{#- Greedily, one order after the other: Sail, of the target `spark`, has no recursion. -#}
{{ config(enabled=target.type == 'duckdb') }}

-- However sales are grouped, they are the same sales: those of customers, and anonymous ones beside
-- them.
{%- set tables = [
    'sales_by_month', 'sales_by_weekday', 'sales_by_hour', 'sales_by_weekday_and_hour',
    'sales_by_country',
] %}

with recursive anonymous_sales as (

    {{ anonymous_sales() | indent(4) }}

),

sales as (

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

-- A number whose lines lie too far apart is several orders: each begins with the first line that is
-- too late for the one before.
anonymous_orders as (

    select
        invoice_id,
        cast(min(ordered_at) as date) as first_day
    from anonymous_sales
    group by invoice_id

    union all

    select
        orders.invoice_id,
        cast(min(lines.ordered_at) as date) as first_day
    from anonymous_orders as orders
    inner join anonymous_sales as lines
        on
            orders.invoice_id = lines.invoice_id
            and orders.first_day + {{ var('max_order_days') }} < cast(lines.ordered_at as date)
    group by
        orders.invoice_id,
        orders.first_day

),

anonymous_totals as (

    select
        (select count(*) from anonymous_orders) as anonymous_order_count,
        coalesce(sum(quantity), 0) as anonymous_units,
        coalesce(sum(gross_amount), 0) as anonymous_revenue
    from anonymous_sales

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
where (
    (sales.order_count, sales.units, sales.revenue)
    <> (order_totals.order_count, line_totals.units, line_totals.revenue)
    or (sales.anonymous_order_count, sales.anonymous_units, sales.anonymous_revenue)
    <> (
        anonymous_totals.anonymous_order_count,
        anonymous_totals.anonymous_units,
        anonymous_totals.anonymous_revenue
    )
)
-- A log of days has no hours.
and (
    sales.table_name not in ('sales_by_hour', 'sales_by_weekday_and_hour')
    or exists (select 1 from {{ ref('sales_by_hour') }})
)
