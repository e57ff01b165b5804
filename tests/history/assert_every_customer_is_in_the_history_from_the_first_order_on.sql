-- On each day told, everyone who had placed an order by then is in the history, and nobody else. A look back tells nothing new:
-- what came since the history was told is not in it yet.
with first_orders as (

    select
        customer_id,
        min(event_date) as first_date
    from {{ ref('processed_order_events') }}
    group by 1

),

due as (

    select
        first_orders.customer_id,
        dates.as_of_date
    from {{ ref('processed_snapshot_dates') }} as dates
    inner join first_orders
        on dates.as_of_date >= first_orders.first_date

)

select
    due.customer_id as customer_due,
    due.as_of_date as date_due,
    history.customer_id,
    history.as_of_date
from due
full outer join {{ ref('segment_history') }} as history
    on
        due.customer_id = history.customer_id
        and due.as_of_date = history.as_of_date
where
    due.customer_id is null
    or history.customer_id is null
