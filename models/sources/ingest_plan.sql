{%- set codes = ref('non_product_codes') %}
{%- if execute %}
{%- set input = transactions_input() %}
{%- set codes_fingerprint = single_value(
    "select coalesce(md5(string_agg(concat_ws(',', code, match_type, label), ';' order by code, match_type, label)), '') from " ~ codes
) %}
{%- set last_row = last_processed_row(input, codes_fingerprint) %}
{%- if last_row is none %}
{%- do validate_no_rows_lost(input) %}
{%- endif %}
{%- endif %}

-- Whether this build adds to the rows of earlier ones, and after which of them.
select
    {{ sql_text(input_fingerprint(input) if input else '') }} as read_as,
    {{ sql_text(tojson(input_formats(input)) if input else '') }} as formats,
    {{ sql_text(codes_fingerprint) }} as codes_fingerprint,
    cast({{ last_row or 0 }} as bigint) as last_row,
    {{ 'true' if last_row is none else 'false' }} as is_full_reload
