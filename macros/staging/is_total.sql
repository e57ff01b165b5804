{#-
    SQL: whether a name is a word for a total of other rows. The CTE `missing_values` lists them.
-#}
{% macro is_total(name) -%}
    lower(rtrim({{ name }}, ' :')) in (
        select missing_values.word
        from missing_values
        where missing_values.column_name = 'total'
    )
{%- endmacro %}
