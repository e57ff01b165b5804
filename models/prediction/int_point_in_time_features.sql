-- What was known of a customer at the end of a day. Features, outcomes and populations all come from here, and nothing dated
-- later than the day takes part.
with prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}

),

frames as (

    select * from {{ ref('int_samples') }}

),

moments as (

    select
        customer_id,
        known_until as as_of_date
    from frames

    union

    -- Where newcomers are at the end of the time that they are followed.
    select
        frames.customer_id,
        frames.label_until as as_of_date
    from frames
    inner join prediction_runs
        on
            frames.prediction_run = prediction_runs.prediction_run
            and frames.label_until <= prediction_runs.last_date
    where frames.sample_kind = 'cohort'

    union

    -- Whose customers the backtest's cut-points and rules are fitted on.
    select
        orders.customer_id,
        prediction_runs.frozen_at as as_of_date
    from {{ ref('int_orders') }} as orders
    inner join prediction_runs
        on
            prediction_runs.prediction_run = 'backtest'
            and orders.order_date <= prediction_runs.frozen_at

),

-- An order that is written over midnight has lines of the next day, which are not known on the first.
lines_by_day as (

    select
        customer_id,
        invoice_id,
        order_date,
        count(*) as order_lines
    from {{ ref('int_order_lines') }}
    group by 1, 2, 3

),

orders_known as (

    select
        moments.customer_id,
        moments.as_of_date,
        order_days.invoice_id,
        min(order_days.event_date) as order_date,
        sum(order_days.units) as units,
        sum(order_days.amount) as amount,
        coalesce(-sum(order_days.amount) filter (where order_days.amount < 0), 0) as cancelled_amount,
        sum(lines_by_day.order_lines) as order_lines
    from moments
    inner join {{ ref('int_order_events_daily') }} as order_days
        on
            moments.customer_id = order_days.customer_id
            and moments.as_of_date >= order_days.event_date
    left join lines_by_day
        on
            order_days.customer_id = lines_by_day.customer_id
            and order_days.invoice_id = lines_by_day.invoice_id
            and order_days.event_date = lines_by_day.order_date
    group by 1, 2, 3

)

select
    customer_id,
    as_of_date,
    cast(as_of_date - max(order_date) filter (where units > 0) as integer) as recency_days,
    count(*) filter (where units > 0) as frequency,
    cast(sum(amount) as decimal(18, 2)) as monetary,
    count(*) as orders_placed,
    cast(as_of_date - min(order_date) as integer) as tenure_days,
    cast(as_of_date - max(order_date) as integer) as days_since_order,
    count(distinct order_date) as days_with_orders,
    count(*) filter (where order_date > as_of_date - 90) as orders_90_days,
    cast(coalesce(sum(amount) filter (where order_date > as_of_date - 90), 0) as decimal(18, 2))
        as monetary_90_days,
    cast(coalesce(sum(amount) filter (where order_date > as_of_date - 30), 0) as decimal(18, 2))
        as monetary_30_days,
    cast(sum(cancelled_amount) as decimal(18, 2)) as cancelled_amount,
    cast(sum(units) as decimal(18, 3)) as units,
    cast(sum(order_lines) as bigint) as order_lines,
    min(amount) as least_order,
    max(amount) as greatest_order,
    arg_max(amount, (order_date, invoice_id)) as last_order
from orders_known
group by 1, 2
