{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook=["{{ delete_ingest_watermark() }}", "{{ complete_row_keys() }}"],
    post_hook=["{{ delete_ingested_files() }}", "{{ insert_ingested_files() }}"],
) }}

{%- do wait_for_input_model() -%}

{#-
    Where no two files have a row in common and the table is empty, no row repeats another: then
    none is compared with others.
-#}
{%- set may_repeat_rows = is_incremental() or may_share_rows() -%}
{%- set has_typed_dates = input_has(['typed_dates']) -%}
{%- set has_order_columns = input_has(['order_status', 'currency']) -%}
{#-
    Rows with a typed date are found by it: their keys are computed where they are compared. What
    `completed` changes has the key of what the input held, so that is stored.
-#}
{%- set stores_keys = has_order_columns or not has_typed_dates -%}
{%- set has_keys = may_repeat_rows or stores_keys -%}
{%- set has_continued_orders = input_has(['continued_orders']) -%}
{%- set order_columns = [
    'invoice_id', 'ordered_at', 'customer_id', 'country', 'order_status', 'currency'
] -%}
{%- set rows_to_key = 'whole_lines' if has_continued_orders else 'positioned' -%}
{%- set rows_with_keys = 'keyed' if has_keys else rows_to_key -%}
{%- set rows_to_number = 'completed' if has_order_columns else rows_with_keys -%}

with transactions as (

    select * from {{ source('shop', 'transactions') }}

),

-- One row: how the input writes decimals.
input_profile as (

    select decimal_separator from {{ source('shop', 'input_profile') }}

),

positioned as (

    -- The order of the input is the only one that its rows have.
    {% if input_has(['positions']) %}
    select * from transactions
    {% else %}
    select * replace (row_number() over () as input_position)
    from transactions
    {% endif %}

),

{% if has_continued_orders %}
-- Where exports leave blank what is the order's below its first line, the lines have it from there;
-- not if they name another order.
orders_of_lines as (

    select
        *,
        count(*) filter (where not continues_order) over (
            partition by file_name
            order by input_position
            rows between unbounded preceding and current row
        ) as order_of_file
    from positioned

),

whole_lines as (

    select
        * exclude (order_of_file) replace (
            {% for column in order_columns %}
            case
                when
                    continues_order
                    and coalesce(trim({{ as_text(column) }}), '') = ''
                    and (
                        coalesce(trim(invoice_id), '') = ''
                        or trim(invoice_id) = trim(first_value(invoice_id) over order_above)
                    )
                    then first_value({{ column }}) over order_above
                else {{ column }}
            end as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        )
    from orders_of_lines
    window
        order_above as (partition by file_name, order_of_file order by input_position)

),
{% endif %}

{% if has_keys %}
keyed as (

    select
        lines.*,
        {{ row_key('decimal_separator') | indent(8) }} as row_key  -- noqa: RF02, ST04
    from {{ rows_to_key }} as lines
    cross join input_profile

),
{% endif %}

{% if has_order_columns %}
-- Some exports write what is the order's only on its first line: the lines below have the same.
completed as (

    select
        * replace (
            {% for column in ['order_status', 'currency', 'country'] %}
            last_value(nullif(trim({{ column }}), '') ignore nulls) over (
                partition by
                    file_name,
                    coalesce(nullif(trim(invoice_id), ''), cast(input_position as varchar))
                order by input_position
                rows between unbounded preceding and current row
            ) as {{ column }}{{ ',' if not loop.last }}
            {% endfor %}
        )
    from {{ rows_with_keys }}

),
{% endif %}

{% if may_repeat_rows %}
-- A row that is in two files is one row: an export may repeat rows of an earlier one. Rows that
-- are equal within one file are as many as the file has.
occurrences as (

    select
        *,
        row_number() over (partition by row_key, file_name order by input_position) as occurrence
    from {{ rows_to_number }}

),

copies as (

    select
        *,
        row_number() over (partition by row_key, occurrence order by input_position) as copy
    from occurrences

),
{% endif %}

{% if is_incremental() and has_typed_dates %}
-- A row that is equal has the same time, if any.
stored_at_same_times as (

    select * from {{ this }}
    where ordered_at in (select keyed.ordered_at from keyed)

    union all

    select stored_before.*
    from {{ this }} as stored_before
    where
        stored_before.ordered_at is null
        and (select count(*) from keyed where keyed.ordered_at is null) > 0

),

stored_keys as (

    select
        coalesce(
            row_key,
            {{ row_key('decimal_separator') | indent(12) }}
        ) as row_key  -- noqa: RF02
    from stored_at_same_times
    cross join input_profile

),

stored as (

    select
        row_key,
        count(*) as row_count
    from stored_keys
    group by 1

),
{% elif is_incremental() %}
stored as (

    select
        row_key,
        count(*) as row_count
    from {{ this }}
    where row_key in (select keyed.row_key from keyed)
    group by 1

),
{% endif %}

{% if is_incremental() %}

new_rows as (

    select copies.*
    from copies
    left join stored
        on copies.row_key = stored.row_key
    where
        copies.copy = 1
        and copies.occurrence > coalesce(stored.row_count, 0)

),

last_stored as (

    select coalesce(max(input_row), 0) as last_row
    from {{ this }}

),
{% elif may_repeat_rows %}
new_rows as (

    select * from copies
    where copy = 1

),
{% endif %}

numbered as (

    select
        *,
        {% if is_incremental() %}
        (select last_stored.last_row from last_stored)
        + row_number() over (order by input_position) as input_row
        {% elif may_repeat_rows %}
        row_number() over (order by input_position) as input_row
        {% else %}
        input_position as input_row
        {% endif %}
    from {{ 'new_rows' if may_repeat_rows else rows_to_number }}

)

select
    input_row,
    invoice_id,
    product_id,
    product_description,
    quantity,
    ordered_at,
    unit_price,
    amount,
    customer_id,
    country,
    order_status,
    transaction_type,
    currency,
    surplus_field,
    swallowed_rows,
    other_columns,
    file_name,
    {{ 'row_key' if stores_keys else 'cast(null as uhugeint) as row_key' }}
from numbered
