{#- SQL: a heading as headings compare: its letters and digits in lower case. -#}
{% macro comparable_heading(heading) -%}
    regexp_replace(lower({{ heading }}), '[^\p{L}\p{N}]+', '', 'g')
{%- endmacro %}
