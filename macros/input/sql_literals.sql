{#- A Jinja value as an SQL text literal, or null. -#}
{% macro sql_text(value) -%}
    {{ return('null' if value is none else "'" ~ (value | string | replace("'", "''")) ~ "'") }}
{%- endmacro %}


{#- A Jinja list as an SQL list of text literals. -#}
{% macro sql_list(values) -%}
    {%- set literals = [] -%}
    {%- for value in values -%}
        {%- do literals.append(sql_text(value)) -%}
    {%- endfor -%}
    {{ return('[' ~ (literals | join(', ')) ~ ']') }}
{%- endmacro %}


{#- The one value that a query yields, at execution time. -#}
{% macro single_value(query) -%}
    {{ return(run_query(query).rows[0][0]) }}
{%- endmacro %}
