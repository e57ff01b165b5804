{#- SQL: the date that a setting names, null where it names none. -#}
{% macro date_setting(name) -%}
    cast({{ sql_text(var(name)) }} as date)
{%- endmacro %}
