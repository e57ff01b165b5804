-- The last day in the log is the last day of any readable row, also of one that tells nothing of a customer: the log
-- covers that day.
with last_day as (

    select max(cast(ordered_at as date)) as last_date
    from {{ ref('int_transactions_flagged') }}
    where not is_unreadable

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
