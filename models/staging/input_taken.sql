{#- A run that leaves one of these out has not told its rows everywhere: then what was taken is what was taken before. -#}
{%- set is_whole = are_selected([
    'base_transactions', 'files_read', 'int_transactions_flagged', 'rejected_transactions', 'int_anonymous_sales', 'order_lines',
    'cancellations', 'cancellation_matches', 'orders', 'int_order_days', 'int_customer_states'
]) %}
{%- set taken = stored_table('staging', 'input_taken') %}

-- Written last of all that takes lines: a build that is cut off before it leaves the rows to the next one.
-- depends_on: {{ ref('files_read') }}, {{ ref('rejected_transactions') }}, {{ ref('int_anonymous_sales') }}
-- depends_on: {{ ref('cancellations') }}, {{ ref('cancellation_matches') }}, {{ ref('orders') }}
-- depends_on: {{ ref('int_order_days') }}, {{ ref('int_customer_states') }}
{% if taken and not is_whole %}
select
    read_as,
    formats,
    codes_fingerprint,
    last_row
from {{ taken }}
{% else %}
with last_row as (

    select coalesce(max(input_row), 0) as last_row
    from {{ ref('int_transactions_flagged') }}

)

select
    state.read_as,
    state.formats,
    state.codes_fingerprint,
    cast(last_row.last_row as bigint) as last_row
from {{ ref('input_state') }} as state
cross join last_row
{{ 'where false' if not is_whole }}
{% endif %}
