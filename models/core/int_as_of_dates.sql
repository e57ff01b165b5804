{%- do validate_as_of_date() %}

-- The last day in the data is that of the last sale or cancellation, also of a sale that names no
-- customer. Rejected rows don't count: their dates may be as wrong as the rest.
with anonymous_sales as (

    {{ anonymous_sales() | indent(4) }}

),

-- The first of a descending order, not the greatest: DuckDB then reads the latest rows alone.
last_known_sale as (

    select ordered_at as last_timestamp
    from {{ ref('int_transactions_flagged') }}
    where rejection_reason is null
    order by ordered_at desc nulls last
    limit 1

),

last_anonymous_sale as (

    select ordered_at as last_timestamp
    from anonymous_sales
    order by ordered_at desc nulls last
    limit 1

),

last_timestamps as (

    select * from last_known_sale

    union all

    select * from last_anonymous_sale

),

last_day as (

    select cast(max(last_timestamp) as date) as last_date
    from last_timestamps

)

select
    'as_of' as role,
    coalesce({{ date_setting('as_of_date') }}, last_date) as as_of_date
from last_day

union all

select
    'baseline' as role,
    coalesce({{ date_setting('baseline_date') }}, last_date) as as_of_date
from last_day
