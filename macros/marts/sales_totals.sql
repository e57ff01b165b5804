{#-
    The totals in every sales mart: orders of customers, and anonymous ones in columns of their own.
-#}
{% macro sales_totals() %}
    count(*) filter (where not is_anonymous) as order_count,
    count(distinct customer_id) as customer_count,
    coalesce(sum(units) filter (where not is_anonymous), 0) as units,
    coalesce(sum(revenue) filter (where not is_anonymous), 0) as revenue,
    count(*) filter (where is_anonymous) as anonymous_order_count,
    coalesce(sum(units) filter (where is_anonymous), 0) as anonymous_units,
    coalesce(sum(revenue) filter (where is_anonymous), 0) as anonymous_revenue
{%- endmacro %}
