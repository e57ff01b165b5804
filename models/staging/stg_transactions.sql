{{ config(materialized='view') }}

{%- set formats = input_formats() -%}
{%- set columns = columns_of_input() -%}
{#- What one line can hold: a billion units, 100 billion in money. More is a slip of the pen, and could spoil sums. -#}
{%- set quantity_type, price_type, money_type = 'decimal(12, 3)', 'decimal(15, 4)', 'decimal(13, 2)' -%}

with transactions as (

    select * from {{ ref('base_transactions') }}

),

trimmed as (

    select
        input_row,
        {{ clean_identifier('invoice_id') }} as invoice_id,
        {% if 'product_id' in columns %}
        upper({{ clean_identifier('product_id') }}) as product_id,
        {% else %}
        -- Where products have names alone, the name tells them apart.
        upper(regexp_replace(nullif(trim(product_description), ''), '\s+', ' ', 'g')) as product_id,
        {% endif %}
        nullif(trim(product_description), '') as product_description,
        case
            when lower(trim(customer_id)) not in ('null', 'none', 'nan', 'n/a', '\n') then {{ clean_identifier('customer_id') }}
        end as customer_id,
        nullif(trim(country), '') as country,
        nullif(trim(quantity), '') as quantity,
        nullif(trim(unit_price), '') as unit_price,
        nullif(trim(amount), '') as amount,
        nullif(trim(ordered_at), '') as ordered_at,
        surplus_field,
        swallowed_rows,
        other_columns
    from transactions

),

parsed as (

    select
        *,
        {{ parse_number('quantity', quantity_type, formats.decimal_separator) }} as parsed_quantity,
        {{ parse_number('unit_price', price_type, formats.decimal_separator) }} as parsed_unit_price,
        {{ parse_number('amount', money_type, formats.decimal_separator) }} as parsed_amount,
        {{ parse_timestamp('ordered_at', formats.date_format) }} as parsed_ordered_at
    from trimmed

),

-- A shop that logs no quantity sells one at a time, and takes one back where the amount is negative.
counted as (

    select
        * replace (
            {% if 'quantity' in columns %}
            parsed_quantity
            {% else %}
            cast(case when coalesce(parsed_amount, parsed_unit_price) < 0 then -1 else 1 end as {{ quantity_type }})
            {% endif %}
                as parsed_quantity
        )
    from parsed

),

-- Amounts are rounded to the penny line by line, so that every sum of them is exact. A unit's price has no sign where
-- the quantity took it.
priced as (

    select
        * replace (
            case
                when unit_price is null then try_cast(parsed_amount / nullif(parsed_quantity, 0) as {{ price_type }})
                {% if 'quantity' not in columns %}
                when parsed_unit_price < 0 then -parsed_unit_price
                {% endif %}
                else parsed_unit_price
            end as parsed_unit_price
        )
    from counted

),

valued as (

    select
        *,
        case
            when unit_price is null then parsed_amount
            else try_cast(cast(parsed_quantity as decimal(38, 3)) * parsed_unit_price as {{ money_type }})
        end as gross_amount
    from priced

),

-- Where the quantity is what can't be read, the price is not to blame.
judged as (

    select
        *,
        coalesce(gross_amount, case when parsed_quantity is null then parsed_unit_price end) as readable_amount
    from valued

)

{% set price = 'unit_price' if 'unit_price' in columns else 'amount' -%}

select
    input_row,
    {% if 'invoice_id' in columns %}
    invoice_id,
    {% else %}
    -- Without invoices, what a customer buys in a day is one order.
    concat_ws(' ', cast(parsed_ordered_at as date), customer_id) as invoice_id,
    {% endif %}
    product_id,
    product_description,
    customer_id,
    country,
    cast(parsed_quantity as decimal(18, 3)) as quantity,
    cast(parsed_unit_price as decimal(18, 4)) as unit_price,
    cast(gross_amount as decimal(18, 2)) as gross_amount,
    parsed_ordered_at as ordered_at,
    other_columns,
    nullif(
        concat_ws(
            '; ',
            case
                when swallowed_rows > 0
                    then concat('a quote that nothing closes has swallowed ', swallowed_rows, ' rows behind it')
            end,
            case when surplus_field is not null then 'the row has more fields than there are headings' end,
            {% for column in ['invoice_id', 'product_id'] if column in columns %}
            case when {{ column }} is null then '{{ column }} is empty' end,
            {% endfor %}
            {{ unreadable_field('quantity', 'quantity', 'parsed_quantity', 'a number') }},
            {{ unreadable_field(price, 'coalesce(unit_price, amount)', 'readable_amount', 'a possible ' ~ price) }},
            {{ unreadable_field('ordered_at', 'ordered_at', 'parsed_ordered_at', 'a date') }}
        ), ''
    ) as unreadable_detail
from judged
