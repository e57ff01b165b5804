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
    SQL: a text that is equal for equal numbers, however they are written; texts that are no numbers
    stay as they are. It reads as staging does: with a decimal point 1,250 is 1250, and not 1.25.
    The sign of a currency counts: 5 € are not 5 $.
-#}
{% macro number_key(text, decimal_separator) -%}
    {%- set number = parse_number('trim(' ~ text ~ ')', 'decimal(38, 9)', decimal_separator) -%}
    coalesce(
        cast({{ number }} as varchar)
        -- Plain numbers have no sign: only the others are searched for one.
        || case
            when try_cast(replace({{ text }}, ',', '.') as decimal(38, 9)) is null
                then {{ currency_sign(text) }}
            else ''
        end,
        {{ text }}
    )
{%- endmacro %}


{#-
    SQL: the same for dates in ISO 8601, with or without hours, seconds and their fractions. A date
    with anything behind it (PM, a time zone) stays as it is: the cast would leave that out.
-#}
{% macro date_key(text) -%}
    case
        when
            translate({{ text }}, '0123456789', '')
            in ('--', '-- :', '--T:', '-- ::', '--T::', '-- ::.', '--T::.')
            then coalesce(cast(try_cast({{ text }} as timestamp) as varchar), {{ text }})
        else {{ text }}
    end
{%- endmacro %}
