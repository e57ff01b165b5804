{#-
    SQL: whether a name is a word for a total of other rows. The CTE `missing_values` lists them,
    the column `longest_word` has the length of the longest.
-#}
{% macro is_total(name) -%}
    lower(
        case
            when suffix({{ name }}, ':') or suffix({{ name }}, ' ') then rtrim({{ name }}, ' :')
            when length({{ name }}) <= longest_word then {{ name }}
        end
    ) in (
        select missing_values.word
        from missing_values
        where missing_values.column_name = 'total'
    )
{%- endmacro %}
