{%- set taken = stored_table('staging', 'input_taken') %}
{%- set rows_stored = stored_table('staging', 'base_transactions') and stored_table('cleaning', 'int_transactions_flagged') %}
{%- set input = transactions_input() if execute else none %}

-- Whether this build adds to the rows of earlier ones, and after which of them.
with non_product_codes as (

    select md5(string_agg(concat_ws(',', code, match_type, label), ';' order by code, match_type)) as fingerprint
    from {{ ref('non_product_codes') }}

),

read_now as (

    select
        {{ sql_text(input_read_as(input) if input else '') }} as read_as,
        {{ sql_text(tojson(input_formats(input)) if input else '') }} as formats,
        fingerprint as codes_fingerprint
    from non_product_codes

)

select
    read_now.read_as,
    read_now.formats,
    read_now.codes_fingerprint,
    {% if taken and rows_stored and not flags.FULL_REFRESH %}
    coalesce(taken.last_row, 0) as last_row,
    taken.last_row is null as is_anew
from read_now
left join {{ taken }} as taken
    on
        read_now.read_as = taken.read_as
        and read_now.codes_fingerprint = taken.codes_fingerprint
    {% else %}
    cast(0 as bigint) as last_row,
    true as is_anew
from read_now
    {% endif %}
