-- On each snapshot date, everyone who had placed an order by then is in the history, and nobody
-- else. With an `as_of_date` before the last reported date the history stays as it is: then whoever
-- is in it stays in it from the first snapshot on.
with dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

history as not materialized (

    select
        customer_id,
        as_of_date
    from {{ ref('segment_history') }}

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

due as not materialized (

    select
        first_dates.customer_id,
        dates.as_of_date
    from dates
    inner join first_dates
        on dates.as_of_date >= first_dates.first_date

),

-- Equal rows add up to equal sums, which are taken for equal rows.
checksums as (

    select sum(cast({{ row_checksum('customer_id', 'as_of_date') }} as decimal(38, 0))) as checksum
    from due

    union all

    select -sum(cast({{ row_checksum('customer_id', 'as_of_date') }} as decimal(38, 0))) as checksum
    from history

),

doubts as (

    select sum(checksum) as difference
    from checksums
    having sum(checksum) <> 0

),

-- One by one they are compared only where the sums differ.
due_in_doubt as (

    select due.*
    from due
    cross join doubts

),

history_in_doubt as (

    select history.*
    from history
    cross join doubts

)

select
    due.customer_id as customer_due,
    due.as_of_date as date_due,
    history.customer_id,
    history.as_of_date
from due_in_doubt as due
full outer join history_in_doubt as history
    on
        due.customer_id = history.customer_id
        and due.as_of_date = history.as_of_date
where
    due.customer_id is null
    or history.customer_id is null
