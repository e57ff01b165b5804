{#- The columns of `sales_totals` in a mart: zeros without sales. -#}
{% macro sales_of(table) %}
    {% for column, data_type in [
        ('order_count', 'bigint'), ('customer_count', 'bigint'),
        ('units', 'decimal(18, 3)'), ('revenue', 'decimal(18, 2)'),
        ('anonymous_order_count', 'bigint'),
        ('anonymous_units', 'decimal(18, 3)'), ('anonymous_revenue', 'decimal(18, 2)'),
    ] -%}
    cast(coalesce({{ table }}.{{ column }}, 0) as {{ data_type }}) as {{ column }}
    {%- if not loop.last %},
    {% endif %}
    {%- endfor %}
{%- endmacro %}
