-- An order may be in several categories, its revenue only in one.
with anonymous_sales as (

    {{ anonymous_sales() | indent(4) }}

),

sales as (

    select
        'sales_by_category' as table_name,
        coalesce(sum(units), 0) as units,
        coalesce(sum(revenue), 0) as revenue,
        coalesce(sum(anonymous_revenue), 0) as anonymous_revenue
    from {{ ref('sales_by_category') }}

    union all

    select
        'order_value_bands' as table_name,
        coalesce(sum(units), 0) as units,
        coalesce(sum(revenue), 0) as revenue,
        null as anonymous_revenue
    from {{ ref('order_value_bands') }}

    union all

    select
        'cohorts' as table_name,
        null as units,
        coalesce(sum(revenue), 0) as revenue,
        null as anonymous_revenue
    from {{ ref('cohorts') }}

),

line_totals as (

    select
        coalesce(sum(quantity - cancelled_quantity), 0) as units,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('order_lines') }}

),

anonymous_totals as (

    select coalesce(sum(gross_amount), 0) as anonymous_revenue
    from anonymous_sales

)

select
    sales.*,
    line_totals.*,
    anonymous_totals.*
from sales
cross join line_totals
cross join anonymous_totals
where
    sales.revenue <> line_totals.revenue
    or sales.units <> line_totals.units
    or sales.anonymous_revenue <> anonymous_totals.anonymous_revenue
