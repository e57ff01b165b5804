{#- The columns of `sales_totals` as a mart shows them: where nothing was sold, zeros. -#}
{% macro sales_of(table) %}
    {% for column, data_type in [
        ('orders', 'bigint'), ('customers', 'bigint'), ('units', 'decimal(18, 3)'), ('revenue', 'decimal(18, 2)'),
        ('anonymous_orders', 'bigint'), ('anonymous_units', 'decimal(18, 3)'), ('anonymous_revenue', 'decimal(18, 2)'),
    ] -%}
    cast(coalesce({{ table }}.{{ column }}, 0) as {{ data_type }}) as {{ column }}
    {%- if not loop.last %},
    {% endif %}
    {%- endfor %}
{%- endmacro %}
