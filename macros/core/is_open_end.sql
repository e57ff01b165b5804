{#- SQL: whether a text says of an end that it is in a year in which nothing ends. -#}
{% macro is_open_end(text) -%}
    regexp_matches({{ text }}, '9999|2999|2099|2199|infinity')
{%- endmacro %}
