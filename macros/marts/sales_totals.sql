{#- What every table of sales says of its orders: those of customers, and apart from them those that name nobody. -#}
{% macro sales_totals() %}
    count(*) filter (where not is_anonymous) as orders,
    count(distinct customer_id) as customers,
    coalesce(sum(units) filter (where not is_anonymous), 0) as units,
    coalesce(sum(revenue) filter (where not is_anonymous), 0) as revenue,
    count(*) filter (where is_anonymous) as anonymous_orders,
    coalesce(sum(units) filter (where is_anonymous), 0) as anonymous_units,
    coalesce(sum(revenue) filter (where is_anonymous), 0) as anonymous_revenue
{%- endmacro %}
