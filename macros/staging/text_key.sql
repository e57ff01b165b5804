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


{#-
    SQL: a text that is equal for equal numbers, however many zeros they are written with; other
    texts stay as they are.
-#}
{% macro number_key(text) -%}
    coalesce(
        cast(try_cast(replace({{ text }}, ',', '.') as decimal(38, 9)) as varchar), {{ text }}
    )
{%- endmacro %}


{#- SQL: the same for dates in ISO 8601, with or without hours, seconds and their fractions. -#}
{% macro date_key(text) -%}
    coalesce(cast(try_cast({{ text }} as timestamp) as varchar), {{ text }})
{%- endmacro %}
