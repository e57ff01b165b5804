{#-
    SQL: one number for the texts of a row's columns; no text (null) is another one than an empty
    text.
-#}
{% macro text_key(columns) -%}
    {%- set texts = [] -%}
    {%- for column in columns -%}
        {%- do texts.append('coalesce(' ~ column ~ ' || chr(31), chr(30))') -%}
    {%- endfor -%}
    {{ return('md5_number(concat(' ~ (texts | join(', ')) ~ '))') }}
{%- endmacro %}
