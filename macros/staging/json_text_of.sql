{#- SQL: the columns {heading: SQL} of a row as JSON text; null where there are none. -#}
{% macro json_text_of(columns) -%}
    {%- set fields = [] -%}
    {%- for heading, sql in columns.items() -%}
        {%- do fields.append(sql_text(heading) ~ ', cast(' ~ sql ~ ' as varchar)') -%}
    {%- endfor -%}
    {{ return('cast(json_object(' ~ (fields | join(', ')) ~ ') as varchar)' if fields else 'cast(null as varchar)') }}
{%- endmacro %}
