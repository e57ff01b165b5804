{{ config(materialized='view') }}

{%- set formats = input_formats() -%}
{%- set columns = columns_of_input() -%}
{%- set quantity_type, price_type, money_type = 'decimal(18, 3)', 'decimal(18, 4)', 'decimal(18, 2)' -%}

with transactions as (

    select * from {{ ref('base_transactions') }}

),

trimmed as (

    select
        input_row,
        {{ clean_identifier('invoice_id') }} as invoice_id,
        upper({{ clean_identifier('product_id') }}) as product_id,
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
        other_columns,
    from transactions

),

parsed as (

    select
        *,
        {{ parse_number('quantity', quantity_type, formats.decimal_separator) }} as parsed_quantity,
        {{ parse_number('unit_price', price_type, formats.decimal_separator) }} as parsed_unit_price,
        {{ parse_number('amount', money_type, formats.decimal_separator) }} as parsed_amount,
        {{ parse_timestamp('ordered_at', formats.date_format) }} as parsed_ordered_at,
    from trimmed

),

-- A shop that logs no quantity sells one at a time, and takes one back where the amount is negative.
counted as (

    select
        * replace (
            {% if 'quantity' in columns -%}
                parsed_quantity
            {%- else -%}
                cast(case when coalesce(parsed_amount, parsed_unit_price) < 0 then -1 else 1 end as {{ quantity_type }})
            {%- endif %} as parsed_quantity,
            case when year(parsed_ordered_at) between 1970 and 2199 then parsed_ordered_at end as parsed_ordered_at
        ),
    from parsed

),

-- Amounts are rounded to the penny line by line, so that every sum of them is exact.
priced as (

    select
        * replace (
            case
                when unit_price is not null then {% if 'quantity' in columns -%}parsed_unit_price{%- else -%}abs(parsed_unit_price){%- endif %}
                else try_cast(parsed_amount / nullif(parsed_quantity, 0) as {{ price_type }})
            end as parsed_unit_price
        ),
        case
            when unit_price is null then parsed_amount
            {% if 'quantity' in columns -%}
                else try_cast(parsed_quantity * parsed_unit_price as {{ money_type }})
            {%- else -%}
                else try_cast(parsed_unit_price as {{ money_type }})
            {%- endif %}
        end as gross_amount,
    from counted

),

-- Where the quantity is what can't be read, the price is not to blame.
judged as (

    select
        *,
        coalesce(gross_amount, case when parsed_quantity is null then parsed_unit_price end) as readable_amount,
    from priced

)

select
    input_row,
    {% if 'invoice_id' in columns -%}
        invoice_id,
    {%- else -%}
        -- Without invoices, what a customer buys in a day is one order.
        concat_ws(' ', cast(parsed_ordered_at as date), customer_id) as invoice_id,
    {%- endif %}
    product_id,
    product_description,
    customer_id,
    country,
    parsed_quantity as quantity,
    parsed_unit_price as unit_price,
    gross_amount,
    parsed_ordered_at as ordered_at,
    other_columns,
    nullif(
        concat_ws(
            '; ',
            case when surplus_field is not null then 'the row has more fields than there are headings' end,
            {% if 'invoice_id' in columns -%}
                case when invoice_id is null then 'invoice_id is empty' end,
            {%- endif %}
            {% if 'product_id' in columns -%}
                case when product_id is null then 'product_id is empty' end,
            {%- endif %}
            {{ unreadable_field('quantity', 'quantity', 'parsed_quantity', 'a number') }},
            {%- set price = 'unit_price' if 'unit_price' in columns else 'amount' %}
            {{ unreadable_field(price, 'coalesce(unit_price, amount)', 'readable_amount', 'a possible ' ~ price) }},
            {{ unreadable_field('ordered_at', 'ordered_at', 'parsed_ordered_at', 'a date') }}
        ), ''
    ) as unreadable_detail,
from judged
