{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ delete_ingest_watermark() }}",
) }}

{%- set equal_columns = [
    'invoice_id', 'product_id', 'product_description', 'customer_id', 'country', 'quantity',
    'unit_price', 'gross_amount', 'ordered_at', 'order_status', 'transaction_type', 'currency',
    'other_columns'
] %}

{#-
    Nearly all rows that differ differ in these. A hash of all columns would take several times as
    long, and the rows that share one are compared in all columns anyway.
-#}
{%- set telling_columns = ['invoice_id', 'product_id', 'quantity', 'gross_amount', 'ordered_at'] %}

{#-
    Rows after the last one that is flagged, not after the watermark: a build that was cut off has
    flagged some of them.
-#}
{%- set new_rows = 'input_row > ' ~ last_input_row(this) if is_incremental() else 'true' %}

with transactions as {{ '' if keeps_typed_rows(new_rows) else 'not ' }}materialized (

    select
        *,
        unreadable_detail is not null as is_unreadable
    from {{ ref('stg_transactions') }}
    where {{ new_rows }}

),

-- What finds equal rows.
keys as materialized (

    select
        input_row,
        product_id,
        ordered_at,
        is_unreadable,
        hash({{ telling_columns | join(', ') }}) as row_hash
    from transactions

),

ingest_plan as (

    select
        keeps_duplicates,
        upper(currency) as currency,
        upper(cancellation_invoice_prefix) as cancellation_invoice_prefix
    from {{ ref('ingest_plan') }}

),

{% if is_incremental() %}
flagged_days as (

    {{ days_of_flagged_rows(this) | indent(4) }}

),
{% endif %}

{{ days_of_input(
    'keys', 'flagged_days' if is_incremental() else none
) }},  -- noqa: PRS

{{ plausible_days('days_of_input') }},  -- noqa: PRS, AM06

non_product_codes as (

    select * from {{ ref('non_product_codes') }}

),

order_statuses as (

    select * from {{ ref('order_statuses') }}

),

-- There are few codes and many rows: the patterns are tried once per code.
product_codes as (

    select distinct product_id from keys

),

-- What all rows are joined with is materialized from here on: an engine that doesn't know how few
-- rows it will find keeps them in memory, and doesn't part or sort all rows by what they are joined
-- by.
non_products as materialized (

    select
        product_codes.product_id,
        min(non_product_codes.label) as label
    from product_codes
    inner join non_product_codes
        on case non_product_codes.match_type
            when 'exact' then product_codes.product_id = upper(non_product_codes.code)
            else regexp_full_match(product_codes.product_id, non_product_codes.code, 'i')
        end
    group by 1

),

-- Equal rows have the same time, if any. Written as an equality, this lets the engine skip the
-- parts of the table that hold other times.
seen_before as (

    {% if not is_incremental() %}
    select input_row
    from transactions
    where false
    {% else %}
    {% for same_time in [
        'transactions.ordered_at = flagged_before.ordered_at',
        'transactions.ordered_at is null and flagged_before.ordered_at is null'
    ] %}
    select transactions.input_row
    from transactions
    inner join {{ this }} as flagged_before
        on
            {{ same_time }}
            and transactions.is_unreadable = flagged_before.is_unreadable
            {% for column in equal_columns if column != 'ordered_at' %}
            and transactions.{{ column }} is not distinct from flagged_before.{{ column }}
            {% endfor %}
    {{ 'union' if not loop.last }}
    {% endfor %}
    {% endif %}

),

-- Rows that are equal have one hash, and few others have it: only these are compared.
shared_hashes as materialized (

    select row_hash
    from keys
    group by 1
    having count(*) > 1

),

suspects as materialized (

    select keys.input_row
    from keys
    inner join shared_hashes
        on keys.row_hash = shared_hashes.row_hash

),

first_of_equal_rows as (

    select min(transactions.input_row) as input_row
    from transactions
    inner join suspects
        on transactions.input_row = suspects.input_row
    group by  -- noqa: AM06
        {% for column in equal_columns %}
        transactions.{{ column }},
        {% endfor %}
        transactions.is_unreadable

),

repeated as (

    select suspects.input_row
    from suspects
    anti join first_of_equal_rows
        on suspects.input_row = first_of_equal_rows.input_row

    union

    select input_row from seen_before

),

notes as (

    select
        keys.input_row,
        non_products.label as non_product_label,
        true as is_non_product,
        false as is_repeated
    from keys
    inner join non_products
        on keys.product_id = non_products.product_id

    union all

    select
        input_row,
        null as non_product_label,
        false as is_non_product,
        true as is_repeated
    from repeated

),

-- Few rows are noted for their product or as repeated: all columns of all rows are joined once.
noted as materialized (

    select
        input_row,
        min(non_product_label) as non_product_label,
        bool_or(is_non_product) as is_non_product,
        bool_or(is_repeated) as is_repeated
    from notes
    group by 1

),

flagged as (

    select
        transactions.*,
        noted.non_product_label,
        coalesce(
            cast(transactions.ordered_at as date)
            not between plausible_days.first_day and plausible_days.last_day, false
        ) as is_implausible_date,
        transactions.customer_id is null as is_missing_customer,
        coalesce(noted.is_repeated, false)
        and not coalesce(ingest_plan.keeps_duplicates, false) as is_duplicate,
        coalesce(
            {{ counts_as(
                'transactions.order_status', 'order_statuses', 'cancelled'
            ) | indent(12) }}, false
        ) as is_cancelled_order,
        coalesce(
            {{ counts_as(
                'transactions.order_status', 'order_statuses', 'ignored'
            ) | indent(12) }}, false
        )
        or coalesce(transactions.is_ignored_type, false) as is_ignored_order,
        transactions.currency is not null
        and coalesce(transactions.currency <> ingest_plan.currency, false)
            as is_other_currency,
        coalesce(
            transactions.quantity < 0
            and (
                transactions.is_return
                or starts_with(
                    upper(transactions.invoice_id), ingest_plan.cancellation_invoice_prefix
                )
            ), false
        ) as is_cancellation,
        coalesce(transactions.quantity < 0, false) and not is_cancellation as is_stock_adjustment,
        coalesce(transactions.quantity = 0, false) as has_no_quantity,
        coalesce(noted.is_non_product, false) as is_non_product,
        coalesce(transactions.unit_price <= 0, false) as has_no_price
    from transactions
    cross join ingest_plan
    cross join plausible_days
    left join noted
        on transactions.input_row = noted.input_row

),

-- The first flag that applies is the reason.
reasoned as (

    select
        *,
        case
            -- What never became a sale needs no readable price.
            when is_cancelled_order then 'cancelled_order'
            when is_ignored_order then 'ignored_order'
            when is_unreadable then 'unreadable'
            when is_implausible_date then 'implausible_date'
            when is_missing_customer then 'missing_customer'
            when is_duplicate then 'duplicate'
            when is_other_currency then 'other_currency'
            when is_stock_adjustment then 'stock_adjustment'
            when has_no_quantity then 'no_quantity'
            when is_non_product then 'non_product'
            when has_no_price then 'no_price'
        end as rejection_reason
    from flagged

)

select
    input_row,
    invoice_id,
    product_id,
    product_description,
    customer_id,
    country,
    order_status,
    transaction_type,
    currency,
    rejection_reason,
    -- Most rows have no reason, and no look at each that there is.
    case when rejection_reason is not null then case rejection_reason
        when 'cancelled_order' then concat('the order is ', order_status)
        when 'ignored_order'
            then concat(
                'the ', case when is_ignored_type then 'type' else 'status' end, ' is ',
                case when is_ignored_type then transaction_type else order_status end
            )
        when 'other_currency' then concat('the currency is ', currency)
        when 'unreadable' then unreadable_detail
        when 'implausible_date'
            then concat('the date ', cast(ordered_at as date), ' lies outside the days of the log')
        when 'missing_customer' then 'customer_id is empty'
        when 'duplicate' then 'equal in every column to an earlier row'
        when 'stock_adjustment'
            then concat(
                'quantity is ', quantity,
                ', amount is ', gross_amount,
                ', and the invoice cancels nothing'
            )
        when 'no_quantity' then concat('quantity is ', quantity)
        when 'non_product' then concat('the code ', product_id, ' stands for: ', non_product_label)
        when 'no_price' then concat('unit_price is ', unit_price)
    end end as rejection_detail,
    other_columns,
    quantity,
    unit_price,
    gross_amount,
    is_unreadable,
    is_implausible_date,
    is_missing_customer,
    is_duplicate,
    is_cancelled_order,
    is_ignored_order,
    is_other_currency,
    is_cancellation,
    is_stock_adjustment,
    has_no_quantity,
    is_non_product,
    has_no_price,
    ordered_at
from reasoned
