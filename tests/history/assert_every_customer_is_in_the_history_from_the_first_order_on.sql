-- On each snapshot date, everyone who had placed an order by then is in the history, and nobody
-- else. With an `as_of_date` before the last reported date the history stays as it is: then whoever
-- is in it stays in it from the first snapshot on.
with dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

history as (

    select * from {{ ref('segment_history') }}

),

first_dates as (

    select
        customer_id,
        min(event_date) as first_date
    from {{ ref('int_order_events_daily') }}
    where not (select bool_or(dates.is_earlier_as_of_date) from dates)
    group by 1

    union all

    select
        customer_id,
        min(as_of_date) as first_date
    from history
    where (select bool_or(dates.is_earlier_as_of_date) from dates)
    group by 1

),

due as (

    select
        first_dates.customer_id,
        dates.as_of_date
    from dates
    inner join first_dates
        on dates.as_of_date >= first_dates.first_date

)

select
    due.customer_id as customer_due,
    due.as_of_date as date_due,
    history.customer_id,
    history.as_of_date
from due
full outer join history
    on
        due.customer_id = history.customer_id
        and due.as_of_date = history.as_of_date
where
    due.customer_id is null
    or history.customer_id is null
