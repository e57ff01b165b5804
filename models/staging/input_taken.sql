-- Written last of all that takes lines: a build that is cut off before it leaves the rows to the next one.
-- depends_on: {{ ref('files_read') }}
-- depends_on: {{ ref('rejected_transactions') }}
-- depends_on: {{ ref('cancellations') }}
-- depends_on: {{ ref('cancellation_matches') }}
-- depends_on: {{ ref('int_anonymous_sales') }}
-- depends_on: {{ ref('orders') }}
-- depends_on: {{ ref('int_order_days') }}
-- depends_on: {{ ref('int_customer_states') }}
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
