{%- set taken = stored_table('staging', 'input_taken') %}
{%- set rows_stored = stored_table('staging', 'base_transactions') and stored_table('cleaning', 'int_transactions_flagged') %}

-- Whether this build adds to the rows of earlier ones, and after which of them.
with non_product_codes as (

    select md5(string_agg(concat_ws(',', code, match_type, label), ';' order by code, match_type)) as content
    from {{ ref('non_product_codes') }}

),

now as (

    select concat({{ sql_text(input_fingerprint()) }}, ' ', content) as fingerprint
    from non_product_codes

)

select
    now.fingerprint,
    {% if taken and rows_stored and not flags.FULL_REFRESH %}
    coalesce(taken.last_row, 0) as last_row,
    taken.fingerprint is distinct from now.fingerprint as is_anew
from now
left join {{ taken }} as taken
    on now.fingerprint = taken.fingerprint
    {% else %}
    cast(0 as bigint) as last_row,
    true as is_anew
from now
    {% endif %}
