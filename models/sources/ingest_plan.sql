{%- do prepare_input_model() -%}
-- How this build reads the input, and after which row of earlier builds its new rows begin.
with input_profile as (

    select * from {{ source('shop', 'input_profile') }}

),

ingest_watermark as (

    select * from {{ source('state', 'ingest_watermark') }}

),

-- The seeds that decide what a row is, and what the rows show.
seeds as (

    select concat_ws(',', 'product', code, match_type, label) as seed_row
    from {{ ref('non_product_codes') }}

    union all

    select concat_ws(',', 'status', status, counts_as) as seed_row
    from {{ ref('order_statuses') }}

    union all

    select concat_ws(',', 'type', transaction_type, counts_as) as seed_row
    from {{ ref('transaction_types') }}

    union all

    select concat_ws(',', 'missing', column_name, word) as seed_row
    from {{ ref('missing_values') }}

    union all

    -- What rows show of returns decides as much as a seed.
    select
        concat_ws(
            ',',
            'returns',
            cancellation_invoice_prefix,
            array_to_string(refund_invoice_prefixes, ',')
        ) as seed_row
    from input_profile

),

codes as (

    select coalesce(md5(string_agg(seed_row, ';' order by seed_row)), '') as codes_fingerprint
    from seeds

),

-- The watermark holds for rows that were read and flagged as this build would read and flag them.
joined as (

    select
        input_profile.*,
        codes.codes_fingerprint,
        ingest_watermark.last_row,
        input_profile.is_full_refresh
        or input_profile.is_full_read
        or ingest_watermark.last_row is null as is_full_reload
    from input_profile
    cross join codes
    left join ingest_watermark
        on
            input_profile.input_signature = ingest_watermark.input_signature
            and codes.codes_fingerprint = ingest_watermark.codes_fingerprint

)

select
    input_signature,
    codes_fingerprint,
    -- Where no row shows it yet, any will do.
    coalesce(date_format, 'year-month-day') as date_format,
    coalesce(decimal_separator, '.') as decimal_separator,
    cancellation_invoice_prefix,
    currency,
    refund_invoice_prefixes,
    cast(case when is_full_reload then 0 else last_row end as bigint) as last_row,
    has_invoice_id,
    has_product_id,
    has_quantity,
    has_unit_price,
    keeps_duplicates,
    is_full_reload
from joined
