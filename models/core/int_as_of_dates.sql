{%- do validate_as_of_date() %}

-- The last day in the log is the last day of a sale or a cancellation, also of a sale that names no customer: the log covers
-- that day. A rejected row tells no day: its date may be as wrong as the rest.
with last_moments as (

    select max(ordered_at) as last_moment
    from {{ ref('int_transactions_flagged') }}
    where rejection_reason is null

    union all

    select max(ordered_at) as last_moment
    from {{ ref('int_anonymous_sales') }}

),

last_day as (

    select cast(max(last_moment) as date) as last_date
    from last_moments

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
