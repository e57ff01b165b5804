-- Which samples the spend forecast of each origin trains on, is evaluated on or predicts, and what
-- their customers spent: on orders placed after the cutoff date and up to the end of the horizon,
-- less what of these was cancelled by then.
with origins as (

    select * from {{ ref('int_prediction_origins') }}
    where task = 'forecast'

),

prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}

),

samples as (

    select * from {{ ref('int_samples') }}
    where sample_kind = 'known'

),

order_events as (

    select * from {{ ref('int_order_events_daily') }}

),

-- Training samples are complete by the origin.
splits as (

    select
        origins.prediction_run,
        origins.origin_date,
        samples.sample_number,
        samples.customer_id,
        case
            when samples.label_end_date <= origins.origin_date then 'train'
            when origins.prediction_run = 'live' then 'predict'
            else 'test'
        end as role
    from origins
    inner join samples
        on
            origins.prediction_run = samples.prediction_run
            and (
                origins.origin_date >= samples.label_end_date
                or origins.origin_date = samples.origin_date
            )

),

observed_samples as (

    select
        samples.sample_number,
        samples.customer_id,
        samples.cutoff_date,
        samples.label_end_date
    from samples
    inner join prediction_runs
        on
            samples.prediction_run = prediction_runs.prediction_run
            and samples.label_end_date <= prediction_runs.last_date

),

orders_in_horizon as (

    select
        observed_samples.sample_number,
        order_events.invoice_id,
        sum(order_events.amount) as amount
    from observed_samples
    inner join order_events
        on
            observed_samples.customer_id = order_events.customer_id
            and observed_samples.label_end_date >= order_events.event_date
    group by 1, 2
    having min(order_events.event_date) > max(observed_samples.cutoff_date)

),

amounts as (

    select
        observed_samples.sample_number,
        cast(coalesce(sum(orders_in_horizon.amount), 0) as decimal(18, 2)) as amount
    from observed_samples
    left join orders_in_horizon
        on observed_samples.sample_number = orders_in_horizon.sample_number
    group by 1

)

select
    splits.prediction_run,
    splits.customer_id,
    splits.role,
    splits.sample_number,
    amounts.amount,
    splits.origin_date
from splits
left join amounts
    on splits.sample_number = amounts.sample_number
