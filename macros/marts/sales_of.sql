{#-
    The columns of `sales_totals` in a mart: zeros without sales. `table` names their relation where
    there are several.
-#}
{% macro sales_of(table=none) %}
    {% for column, data_type in [
        ('order_count', 'bigint'), ('customer_count', 'bigint'),
        ('units', 'decimal(18, 3)'), ('revenue', 'decimal(18, 2)'),
        ('anonymous_order_count', 'bigint'),
        ('anonymous_units', 'decimal(18, 3)'), ('anonymous_revenue', 'decimal(18, 2)'),
    ] -%}
    cast(coalesce({{ table ~ '.' if table }}{{ column }}, 0) as {{ data_type }}) as {{ column }}
    {%- if not loop.last %},
    {% endif %}
    {%- endfor %}
{%- endmacro %}
