{#- Elsewhere a table: there, each query that reads a view parses the texts once more. -#}
{{ config(materialized='view' if target.type == 'duckdb' else 'table') }}

{#-
    What one line can hold: a billion units, 100 billion in money. More is a slip of the pen, and
    could spoil sums.
-#}
{%- set quantity_type = 'decimal(12, 3)' -%}
{%- set price_type = 'decimal(15, 4)' -%}
{%- set money_type = 'decimal(13, 2)' -%}
{%- set shown_price = 'coalesce(' ~ written('unit_price') ~ ', ' ~ written('amount') ~ ')' -%}

with transactions as (

    select * from {{ ref('base_transactions') }}

),

missing_values as (

    select * from {{ ref('missing_values') }}

),

-- One row: which columns the input has, and how it writes dates and numbers; the length of the
-- longest word for "missing".
ingest_plan as (

    select
        date_format,
        decimal_separator,
        refund_invoice_prefixes,
        coalesce(len(refund_invoice_prefixes) > 0, false) as has_refund_prefixes,
        has_invoice_id,
        has_product_id,
        has_quantity,
        has_unit_price,
        (select max(length(missing_values.word)) from missing_values) as longest_word
    from {{ ref('ingest_plan') }}

),

transaction_types as (

    select * from {{ ref('transaction_types') }}

),

-- Steps of their own: texts are cleaned once, and compared with the words for "missing" below.
bare as (

    select
        * replace (
            {% for column in [
                'invoice_id', 'product_id', 'customer_id', 'product_description', 'country'
            ] %}
            {{ clean_text(column) | indent(12) }} as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        )
    from transactions

),

cleaned as (

    select
        * replace (
            {% for column in ['invoice_id', 'product_id', 'customer_id'] %}
            {{ bare_identifier(column) | indent(12) }} as {{ column }},  -- noqa: ST04
            {% endfor %}
            nullif(product_description, '') as product_description,
            nullif(country, '') as country
        )
    from bare

),

trimmed as (

    select
        cleaned.input_row,
        {{ unless_missing('cleaned.product_id', 'product_id') | indent(8) }} as product_code,
        {% for column in ['invoice_id', 'customer_id', 'product_description', 'country'] %}
        {{ unless_missing('cleaned.' ~ column, column) | indent(8) }} as {{ column }},
        {% endfor %}
        {% for column in ['quantity', 'unit_price', 'amount', 'ordered_at'] %}
        cleaned.{{ column }},
        {{ written_if_text('cleaned.' ~ column) }} as {{ column }}_text,
        {% endfor %}
        {{ comparable_word('cleaned.order_status') }} as order_status,
        {{ comparable_word('cleaned.transaction_type') }} as transaction_type,
        cleaned.currency,
        cleaned.surplus_field,
        cleaned.swallowed_rows,
        cleaned.other_columns,
        ingest_plan.*
    from cleaned
    cross join ingest_plan

),

signs_found as (

    select
        *,
        {{ currency_sign_of_row(
            'currency', 'unit_price_text', 'amount_text'
        ) | indent(8) }} as currency_sign,
        product_code is not null or product_description is not null as names_product
    from trimmed

),

parsed as (

    select
        * replace (
            coalesce(
                case
                    when currency_sign is not null
                        then {{ code_of_sign('currency_sign') | indent(20) }}
                end,
                -- A dash stands for none.
                case
                    when currency is not null
                        then upper(nullif(trim(translate(currency, '-–—', '   ')), ''))
                end
            ) as currency
        ),
        {% for column, type in [
            ('quantity', quantity_type), ('unit_price', price_type), ('amount', money_type)
        ] %}
        {{ typed_number(column, column ~ '_text', type) | indent(8) }} as parsed_{{ column }},
        {% endfor %}
        -- noqa: disable=ST04
        {{ typed_timestamp('ordered_at', 'ordered_at_text') | indent(8) }} as parsed_ordered_at,
        -- noqa: enable=ST04
        case
            when typeof(unit_price) = 'VARCHAR' then unit_price_text is not null
            else unit_price is not null
        end as has_price,
        -- A line that names no product may leave its quantity blank, too.
        case
            when not has_quantity then false
            when names_product then true
            else {{ written('quantity') }} is not null
        end as has_own_quantity
    from signs_found

),

-- A return is written in many ways: with an invoice number or a type of its own, as negative units,
-- at a negative price or both. It is one thing: units that come back, at the price of a unit.
classified as (

    select
        *,
        coalesce(
            {{ counts_as('transaction_type', 'transaction_types', 'return') | indent(12) }}, false
        )
        -- No query over a row's own prefixes: the engine would type all rows before it filters any.
        or case
            when has_refund_prefixes
                then coalesce(
                    list_bool_or(
                        list_transform(
                            refund_invoice_prefixes,
                            -- noqa: disable=RF02
                            lambda prefix: starts_with(upper(invoice_id), prefix)
                            -- noqa: enable=RF02
                        )
                    ),
                    false
                )
            else false
        end as is_return,
        coalesce(
            {{ counts_as('transaction_type', 'transaction_types', 'ignored') | indent(12) }}, false
        ) as is_ignored_type
    from parsed

),

-- A shop without quantities sells one at a time, and cancels one where the amount is negative. So
-- does a line that gives money back for no product that it names.
counted as (

    select
        * replace (
            case
                when has_own_quantity then parsed_quantity
                when coalesce(parsed_amount, parsed_unit_price) < 0 then -1
                when not has_quantity then 1
                when is_return then -1
            end as parsed_quantity
        )
    from classified

),

-- A unit's price has no sign where the quantity took it.
priced as (

    select
        * replace (
            case
                when not has_price
                    then try_cast(parsed_amount / nullif(parsed_quantity, 0) as {{ price_type }})
                when not has_own_quantity and parsed_unit_price < 0 then -parsed_unit_price
                else parsed_unit_price
            end as parsed_unit_price
        )
    from counted

),

-- Amounts are rounded to the penny line by line, so that every sum of them is exact.
valued as (

    select
        *,
        case
            when not has_price then parsed_amount
            -- Nearly all products fit into 18 digits, and these multiply much faster than 38.
            when abs(parsed_quantity) < 1000000 and abs(parsed_unit_price) < 100000
                then cast(
                    cast(parsed_quantity as decimal(9, 3))
                    * cast(parsed_unit_price as decimal(9, 4)) as {{ money_type }}
                )
            else try_cast(
                cast(parsed_quantity as decimal(38, 3)) * parsed_unit_price as {{ money_type }}
            )
        end as gross_amount
    from priced

),

signed as (

    select
        * replace (
            case
                when is_return then -abs(parsed_quantity) else parsed_quantity
            end as parsed_quantity,
            case
                when is_return then abs(parsed_unit_price) else parsed_unit_price
            end as parsed_unit_price,
            case when is_return then -abs(gross_amount) else gross_amount end as gross_amount
        )
    from valued

),

-- Where the quantity is what can't be read, the price is not to blame.
checked as (

    select
        *,
        coalesce(
            gross_amount,
            case when parsed_quantity is null then parsed_unit_price end
        ) as readable_amount
    from signed

),

explained as (

    select
        *,
        concat_ws(
            '; ',
            case
                when swallowed_rows > 0
                    then concat(
                        'a quote that nothing closes has swallowed ',
                        swallowed_rows,
                        ' rows behind it'
                    )
            end,
            case
                when surplus_field is not null
                    then 'the row has more fields than there are headings'
            end,
            -- Where nobody bought, the name is what says it; a customer may be called so. Where
            -- products have codes, one that is called so has its own.
            case
                when
                    {{ is_total('invoice_id') | indent(20) }}
                    or {{ is_total(
                        'case when invoice_id is null then customer_id end'
                    ) | indent(20) }}
                    or {{ is_total(
                        'case
                            when customer_id is null or (has_product_id and product_code is null)
                                then coalesce(product_description, product_code)
                        end'
                    ) | indent(20) }}
                    then 'the row is a total of other rows'
            end,
            case when has_invoice_id and invoice_id is null then 'invoice_id is empty' end,
            -- Money that comes back may be of no product: then it is reported, and nets nothing.
            case
                when
                    has_product_id
                    and not names_product
                    and not coalesce(parsed_quantity < 0, false)
                    then 'product_id is empty'
            end,
            {{ unreadable_field(
                'quantity', written('quantity'), 'parsed_quantity', 'a number'
            ) | indent(12) }},
            case
                when has_unit_price
                    then {{ unreadable_field(
                        'unit_price',
                        shown_price,
                        'readable_amount',
                        'a possible unit_price'
                    ) | indent(20) }}
                when not has_unit_price
                    then {{ unreadable_field(
                        'amount',
                        shown_price,
                        'readable_amount',
                        'a possible amount'
                    ) | indent(20) }}
            end,
            {{ unreadable_field(
                'ordered_at', written('ordered_at'), 'parsed_ordered_at', 'a date'
            ) | indent(12) }}
        ) as unreadable_detail
    from checked

)

select
    input_row,
    -- Without invoices, what a customer buys in a day is one order.
    case
        when has_invoice_id then invoice_id
        else concat_ws(' ', cast(parsed_ordered_at as date), customer_id)
    end as invoice_id,
    -- Without a product code, the name identifies the product.
    upper(
        coalesce(product_code, regexp_replace(product_description, '\s+', ' ', 'g'))
    ) as product_id,
    product_description,
    customer_id,
    country,
    order_status,
    transaction_type,
    currency,
    cast(parsed_quantity as decimal(18, 3)) as quantity,
    cast(parsed_unit_price as decimal(18, 4)) as unit_price,
    cast(gross_amount as decimal(18, 2)) as gross_amount,
    is_return,
    is_ignored_type,
    parsed_ordered_at as ordered_at,
    other_columns,
    nullif(unreadable_detail, '') as unreadable_detail
from explained
