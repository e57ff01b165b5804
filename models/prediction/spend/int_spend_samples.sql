-- Which samples the spend forecast of each origin trains on, is evaluated on or predicts, and what
-- their customers spent: on lines sold after the cutoff date and up to the end of the horizon, less
-- what of these was cancelled by then. The model is chosen on validation samples, whose horizon was
-- over by the earliest origin.
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

cancellation_matches as (

    select * from {{ ref('int_cancellation_matches') }}

),

spend_events as (

    {{ spend_events('order_events', 'cancellation_matches') | indent(4) }}

),

-- A horizon before the earliest origin. A history too short for it leaves nothing to choose by.
validation_dates as (

    select
        prediction_run,
        history_from,
        min(origin_date) - max(horizon_days) as origin_date
    from origins
    where prediction_run = 'backtest'
    group by 1, 2

),

dates as (

    select
        prediction_run,
        origin_date,
        history_from,
        case when prediction_run = 'live' then 'predict' else 'test' end as later_role
    from origins

    union all

    select
        prediction_run,
        origin_date,
        history_from,
        'validation' as later_role
    from validation_dates

),

-- Training samples are complete by the origin.
splits as (

    select
        dates.prediction_run,
        dates.origin_date,
        dates.history_from,
        samples.sample_number,
        samples.customer_id,
        case
            when samples.label_end_date <= dates.origin_date then 'train'
            else dates.later_role
        end as role
    from dates
    inner join samples
        on
            dates.prediction_run = samples.prediction_run
            and (
                dates.origin_date >= samples.label_end_date
                or dates.origin_date = samples.origin_date
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

amounts as (

    select
        observed_samples.sample_number,
        cast(coalesce(sum(spend_events.amount), 0) as decimal(18, 2)) as amount
    from observed_samples
    left join spend_events
        on
            observed_samples.customer_id = spend_events.customer_id
            and {{ is_sold_within(
                'spend_events', 'observed_samples.cutoff_date', 'observed_samples.label_end_date'
            ) | indent(12) }}
    group by 1

),

-- What the customer spent in the same 90 days a year before, by weekday, where the transactions
-- hold them.
amounts_last_year as (

    select
        splits.sample_number,
        cast(coalesce(sum(spend_events.amount), 0) as decimal(18, 2)) as amount
    from splits
    left join spend_events
        on
            splits.customer_id = spend_events.customer_id
            and {{ is_sold_within(
                'spend_events',
                'splits.origin_date - ' ~ year_days(),
                'splits.origin_date - ' ~ year_days() ~ ' + 90',
            ) | indent(12) }}
    where
        splits.role <> 'train'
        and splits.history_from <= splits.origin_date - {{ year_days() }} + 1
    group by 1

)

select
    splits.prediction_run,
    splits.customer_id,
    splits.role,
    splits.sample_number,
    amounts.amount,
    case when splits.role <> 'train' then amounts_last_year.amount end as amount_last_year,
    splits.origin_date
from splits
left join amounts
    on splits.sample_number = amounts.sample_number
left join amounts_last_year
    on splits.sample_number = amounts_last_year.sample_number
