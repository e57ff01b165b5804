-- The only place that decides who is sampled, at which date and for how long. Features of a sample
-- use rows dated up to `cutoff_date`, its label uses later rows up to `label_end_date`.
with orders as (

    select * from {{ ref('int_orders') }}

),

prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}

),

origins as (

    select * from {{ ref('int_prediction_origins') }}

),

order_counts as (

    select
        customer_id,
        order_date,
        count(*) as order_count
    from orders
    group by 1, 2

),

order_dates as (

    select
        customer_id,
        order_date,
        min(order_date) over (partition by customer_id) as first_order_date,
        sum(order_count) over (
            partition by customer_id
            order by order_date
            rows between unbounded preceding and current row
        ) as orders_to_date
    from order_counts

),

-- A hash draws the customers to train on: the same in every build, whoever orders later.
customers as (

    select
        customer_id,
        order_date as first_order_date,
        cast('0x' || left(md5(customer_id), 8) as bigint) / 4294967296 as draw
    from order_dates
    where order_date = first_order_date

),

first_three_orders as (

    select
        customer_id,
        order_date,
        concat('order ', orders_to_date) as cutoff_event
    from order_dates
    where orders_to_date <= 3

),

-- Training dates lie at least a horizon before the origin, so that their labels are complete by
-- then.
forecast_dates as (

    select distinct
        prediction_run,
        horizon_days,
        origin_date - cast(unnest([0, 90, 120, 150, 180, 210, 240]) as integer) as origin_date,
        history_from
    from origins
    where task = 'forecast'

),

known_customers as (

    select
        forecast_dates.prediction_run,
        'known' as sample_kind,
        'origin' as cutoff_event,
        customers.customer_id,
        forecast_dates.horizon_days,
        forecast_dates.origin_date as cutoff_date,
        forecast_dates.origin_date + forecast_dates.horizon_days as label_end_date,
        forecast_dates.origin_date,
        customers.first_order_date
    from forecast_dates
    inner join prediction_runs
        on forecast_dates.prediction_run = prediction_runs.prediction_run
    inner join customers
        on forecast_dates.origin_date >= customers.first_order_date
    where
        -- Every customer gets a prediction on the last date, however short the history.
        forecast_dates.origin_date = prediction_runs.last_date
        or (
            forecast_dates.origin_date >= forecast_dates.history_from + 30
            and customers.draw < prediction_runs.training_share
        )

),

-- Customers who first order in the first half of a horizon, after each of their first three orders.
newcomers as (

    select
        forecast_dates.prediction_run,
        'newcomer' as sample_kind,
        first_three_orders.cutoff_event,
        customers.customer_id,
        forecast_dates.horizon_days,
        first_three_orders.order_date as cutoff_date,
        forecast_dates.origin_date + forecast_dates.horizon_days as label_end_date,
        forecast_dates.origin_date,
        customers.first_order_date
    from forecast_dates
    inner join prediction_runs
        on forecast_dates.prediction_run = prediction_runs.prediction_run
    inner join customers
        on
            forecast_dates.origin_date < customers.first_order_date
            and prediction_runs.training_share > customers.draw
    inner join first_three_orders
        on
            customers.customer_id = first_three_orders.customer_id
            and forecast_dates.origin_date + forecast_dates.horizon_days // 2
            >= first_three_orders.order_date
    where
        forecast_dates.origin_date >= forecast_dates.history_from + 30
        and forecast_dates.origin_date + forecast_dates.horizon_days <= prediction_runs.last_date

),

segment_horizons as (

    select distinct
        prediction_run,
        horizon_days
    from origins
    where task = 'segment'

),

-- A cohort's customers are followed for a horizon from their first order.
followed_customers as (

    select
        segment_horizons.prediction_run,
        segment_horizons.horizon_days,
        customers.customer_id,
        customers.first_order_date,
        customers.draw < prediction_runs.training_share as is_drawn,
        customers.first_order_date + segment_horizons.horizon_days as label_end_date,
        prediction_runs.last_date
    from segment_horizons
    inner join prediction_runs
        on segment_horizons.prediction_run = prediction_runs.prediction_run
    inner join customers
        on prediction_runs.last_date >= customers.first_order_date

),

-- Customers whose horizon is over serve to train and to evaluate.
completed_customers as (

    select * from followed_customers
    where
        label_end_date <= last_date
        and is_drawn

),

months as (

    select cast(unnest([30, 60, 90, 120, 150]) as integer) as day_number

),

cohort_cutoffs as (

    select
        completed_customers.*,
        first_three_orders.order_date as cutoff_date,
        first_three_orders.cutoff_event,
        1 as preference
    from completed_customers
    inner join first_three_orders
        on
            completed_customers.customer_id = first_three_orders.customer_id
            and completed_customers.label_end_date > first_three_orders.order_date

    union all

    select
        completed_customers.*,
        completed_customers.first_order_date + months.day_number as cutoff_date,
        concat('day ', months.day_number) as cutoff_event,
        2 as preference
    from completed_customers
    inner join months
        on completed_customers.horizon_days > months.day_number

    union all

    -- All whose horizon is not over get a prediction today.
    select
        followed_customers.*,
        followed_customers.last_date as cutoff_date,
        'today' as cutoff_event,
        1 as preference
    from followed_customers
    where
        followed_customers.prediction_run = 'live'
        and followed_customers.label_end_date > followed_customers.last_date

),

cohorts as (

    select
        prediction_run,
        'cohort' as sample_kind,
        cutoff_event,
        customer_id,
        horizon_days,
        cutoff_date,
        label_end_date,
        cast(null as date) as origin_date,
        first_order_date
    from cohort_cutoffs
    -- An order may fall on the thirtieth day: one sample a date.
    qualify row_number() over (
        partition by prediction_run, horizon_days, customer_id, cutoff_date
        order by preference asc, cutoff_event asc
    ) = 1

),

samples as (

    select * from known_customers

    union all

    select * from newcomers

    union all

    select * from cohorts

)

select
    row_number() over (
        order by
            prediction_run, sample_kind, horizon_days, cutoff_date, label_end_date, customer_id
    ) as sample_number,
    prediction_run,
    sample_kind,
    cutoff_event,
    customer_id,
    cast(horizon_days as integer) as horizon_days,
    cutoff_date,
    label_end_date,
    origin_date,
    first_order_date
from samples
