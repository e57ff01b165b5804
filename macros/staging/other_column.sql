{#- SQL: what a row has under a heading that is not used, null if blank. -#}
{% macro other_column(rows, heading) -%}
    nullif(
        trim(json_extract_string(
            {{ rows }}.other_columns, concat('$."', replace({{ heading }}, '"', '\"'), '"')
        )),
        ''
    )
{%- endmacro %}
