{#-
    SQL: the key of a row of the input: equal for rows that are equal to a reader, who takes 18 and
    18.0 in two exports for one value.
-#}
{% macro row_key(decimal_separator) -%}
    {{ return(text_key([
        clean_identifier('invoice_id'), clean_identifier('product_id'), 'product_description',
        number_key(as_text('quantity'), decimal_separator), date_key(as_text('ordered_at')),
        number_key(as_text('unit_price'), decimal_separator),
        number_key(as_text('amount'), decimal_separator),
        clean_identifier('customer_id'), 'country', 'order_status', 'transaction_type', 'currency',
        'surplus_field',
        "regexp_replace(other_columns, '\"(-?[0-9]+)[.]0+\"', '\"\\1\"', 'g')"
    ])) }}
{%- endmacro %}


{#- SQL: a value of the input as the text that it would be, for it may have a type. -#}
{% macro as_text(column) -%}
    cast({{ column }} as varchar)
{%- endmacro %}


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
