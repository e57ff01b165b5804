-- What a customer would have been had only this happened since the day before: nothing but time (`aging`), orders of which
-- nothing was taken back (`order`), what was taken back of earlier orders (`cancellation`), all of it by the old rules
-- (`events`), or nothing at all but new rules (`refit`).
with moves as (

    select * from {{ ref('int_segment_moves') }}
    where not is_new

),

since as (

    select
        moves.customer_id,
        moves.as_of_date,
        moves.previous_date,
        order_days.invoice_id,
        order_days.event_date,
        order_days.units,
        order_days.amount,
        order_days.cancelled_units,
        order_days.cancelled_amount,
        order_days.event_date > moves.previous_date as is_since,
        min(order_days.event_date) over (
            partition by moves.customer_id, moves.as_of_date, order_days.invoice_id
        ) as order_date
    from moves
    inner join {{ ref('int_order_events_daily') }} as order_days
        on
            moves.customer_id = order_days.customer_id
            and moves.as_of_date >= order_days.event_date

),

-- Only where something happened can orders or cancellations have moved anybody.
happened as (

    select
        customer_id,
        as_of_date,
        bool_or(units + cancelled_units > 0) as has_orders,
        bool_or(cancelled_units > 0 and order_date <= previous_date) as has_cancellations
    from since
    where is_since
    group by 1, 2

),

kinds as (

    select
        since.customer_id,
        since.as_of_date,
        'order' as scenario,
        since.invoice_id,
        since.order_date,
        case when since.is_since then since.units + since.cancelled_units else since.units end as units,
        case when since.is_since then since.amount + since.cancelled_amount else since.amount end as amount
    from since
    inner join happened
        on
            since.customer_id = happened.customer_id
            and since.as_of_date = happened.as_of_date
    where happened.has_orders

    union all

    select
        since.customer_id,
        since.as_of_date,
        'cancellation' as scenario,
        since.invoice_id,
        since.order_date,
        case when since.is_since then -since.cancelled_units else since.units end as units,
        case when since.is_since then -since.cancelled_amount else since.amount end as amount
    from since
    inner join happened
        on
            since.customer_id = happened.customer_id
            and since.as_of_date = happened.as_of_date
    where
        happened.has_cancellations
        and since.order_date <= since.previous_date

),

orders as (

    select
        customer_id,
        as_of_date,
        scenario,
        invoice_id,
        min(order_date) as order_date,
        sum(units) as units,
        sum(amount) as amount
    from kinds
    group by 1, 2, 3, 4

),

by_events as (

    select
        customer_id,
        as_of_date,
        scenario,
        cast(as_of_date - max(order_date) filter (where units > 0) as integer) as recency_days,
        count(*) filter (where units > 0) as frequency,
        cast(sum(amount) as decimal(18, 2)) as monetary
    from orders
    group by 1, 2, 3

)

select
    by_events.customer_id,
    by_events.as_of_date,
    by_events.scenario,
    moves.previous_version as model_version,
    by_events.recency_days,
    by_events.frequency,
    by_events.monetary
from by_events
inner join moves
    on
        by_events.customer_id = moves.customer_id
        and by_events.as_of_date = moves.as_of_date

union all

select
    customer_id,
    as_of_date,
    'aging' as scenario,
    previous_version as model_version,
    cast(recency_before + (as_of_date - previous_date) as integer) as recency_days,
    frequency_before as frequency,
    monetary_before as monetary
from moves

union all

select
    customer_id,
    as_of_date,
    'events' as scenario,
    previous_version as model_version,
    recency_days,
    frequency,
    monetary
from moves

union all

select
    customer_id,
    as_of_date,
    'refit' as scenario,
    model_version,
    recency_before as recency_days,
    frequency_before as frequency,
    monetary_before as monetary
from moves
where model_version <> previous_version
