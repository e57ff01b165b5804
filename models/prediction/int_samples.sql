-- The one place that says who is looked at, from when and until when: features of a frame use rows up to `known_until`, its
-- outcome those after it, up to `label_until`. Every task takes its frames from here.
with prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}

),

order_counts as (

    select
        customer_id,
        order_date,
        count(*) as orders_placed
    from {{ ref('int_orders') }}
    group by 1, 2

),

order_moments as (

    select
        customer_id,
        order_date,
        min(order_date) over (partition by customer_id) as first_order_date,
        sum(orders_placed) over (
            partition by customer_id order by order_date rows between unbounded preceding and current row
        ) as orders_to_date
    from order_counts

),

-- A hash draws the same customers in each build, whoever comes later.
customers as (

    select
        customer_id,
        order_date as first_order_date,
        cast('0x' || left(md5(customer_id), 8) as bigint) / 4294967296 as draw
    from order_moments
    where order_date = first_order_date

),

-- Days to train on lie a horizon before the day to foretell from, so that their outcomes are complete by then.
calendar as (

    select distinct
        prediction_run,
        horizon_days,
        origin_date - cast(unnest([0, 90, 120, 150, 180, 210, 240]) as integer) as origin_date,
        history_from
    from {{ ref('int_origins') }}
    where task = 'forecast'

),

known_customers as (

    select
        calendar.prediction_run,
        'known' as sample_kind,
        'origin' as moment,
        customers.customer_id,
        calendar.horizon_days,
        calendar.origin_date as known_until,
        calendar.origin_date + calendar.horizon_days as label_until,
        calendar.origin_date,
        customers.first_order_date
    from calendar
    inner join prediction_runs
        on calendar.prediction_run = prediction_runs.prediction_run
    inner join customers
        on calendar.origin_date >= customers.first_order_date
    where
        -- Today all customers are foretold, however short the history.
        calendar.origin_date = prediction_runs.last_date
        or (
            calendar.origin_date >= calendar.history_from + 30
            and customers.draw < prediction_runs.training_share
        )

),

-- Customers who come in the first half of the days after an origin, after each of their first three orders.
newcomers as (

    select
        calendar.prediction_run,
        'newcomer' as sample_kind,
        concat('order ', order_moments.orders_to_date) as moment,
        customers.customer_id,
        calendar.horizon_days,
        order_moments.order_date as known_until,
        calendar.origin_date + calendar.horizon_days as label_until,
        calendar.origin_date,
        customers.first_order_date
    from calendar
    inner join prediction_runs
        on calendar.prediction_run = prediction_runs.prediction_run
    inner join customers
        on
            calendar.origin_date < customers.first_order_date
            and prediction_runs.training_share > customers.draw
    inner join order_moments
        on
            customers.customer_id = order_moments.customer_id
            and calendar.origin_date + calendar.horizon_days // 2 >= order_moments.order_date
            and order_moments.orders_to_date <= 3
    where
        calendar.origin_date >= calendar.history_from + 30
        and calendar.origin_date + calendar.horizon_days <= prediction_runs.last_date

),

horizons as (

    select distinct
        prediction_run,
        horizon_days
    from {{ ref('int_origins') }}
    where task = 'segment'

),

-- A newcomer is followed from the first order on: looked at after each of the first three orders and once a month.
followed as (

    select
        horizons.prediction_run,
        horizons.horizon_days,
        customers.customer_id,
        customers.first_order_date,
        customers.first_order_date + horizons.horizon_days as label_until,
        prediction_runs.last_date
    from horizons
    inner join prediction_runs
        on horizons.prediction_run = prediction_runs.prediction_run
    inner join customers
        on prediction_runs.last_date >= customers.first_order_date
    where customers.draw < prediction_runs.training_share or customers.first_order_date + horizons.horizon_days > prediction_runs.last_date

),

months as (

    select cast(unnest([30, 60, 90, 120, 150]) as integer) as day

),

moments as (

    select
        followed.*,
        order_moments.order_date as known_until,
        concat('order ', order_moments.orders_to_date) as moment,
        1 as preference
    from followed
    inner join order_moments
        on
            followed.customer_id = order_moments.customer_id
            and followed.label_until > order_moments.order_date
            and order_moments.orders_to_date <= 3
    where followed.label_until <= followed.last_date

    union all

    select
        followed.*,
        followed.first_order_date + days.day as known_until,
        concat('day ', days.day) as moment,
        2 as preference
    from followed
    cross join months as days
    where
        followed.label_until <= followed.last_date
        and days.day < followed.horizon_days

    union all

    -- Those whose outcome is still to come are foretold from today, the others serve to train.
    select
        followed.*,
        followed.last_date as known_until,
        'today' as moment,
        1 as preference
    from followed
    where
        followed.prediction_run = 'live'
        and followed.label_until > followed.last_date

),

cohorts as (

    select
        prediction_run,
        'cohort' as sample_kind,
        moment,
        customer_id,
        horizon_days,
        known_until,
        label_until,
        cast(null as date) as origin_date,
        first_order_date
    from moments
    -- A day of an order may also be the thirtieth.
    qualify row_number() over (
        partition by prediction_run, horizon_days, customer_id, known_until order by preference asc, moment asc
    ) = 1

),

together as (

    select * from known_customers

    union all

    select * from newcomers

    union all

    select * from cohorts

)

select
    row_number() over (
        order by prediction_run, sample_kind, horizon_days, known_until, label_until, customer_id
    ) as sample_number,
    prediction_run,
    sample_kind,
    moment,
    customer_id,
    cast(horizon_days as integer) as horizon_days,
    known_until,
    label_until,
    origin_date,
    first_order_date
from together
