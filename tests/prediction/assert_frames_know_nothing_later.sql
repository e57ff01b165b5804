-- The guard against leaks: what frames know is counted anew from the lines themselves, and every day of training, tuning and
-- freezing is held against the day from which is foretold. A row is a leak, and says which.
with prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}
    where prediction_run = 'backtest'

),

frames as (

    select frames.*
    from {{ ref('int_samples') }} as frames
    inner join prediction_runs
        on frames.prediction_run = prediction_runs.prediction_run

),

events as (

    select
        customer_id,
        product_id,
        order_date as sale_date,
        order_date as event_date,
        gross_amount as amount,
        true as is_sale
    from {{ ref('order_lines') }}

    union all

    select
        customer_id,
        product_id,
        cast(ordered_at as date) as sale_date,
        cast(cancelled_at as date) as event_date,
        -amount as amount,
        false as is_sale
    from {{ ref('cancellation_matches') }}

),

known as (

    select
        frames.sample_number,
        sum(events.amount) as amount,
        count(*) filter (where events.is_sale) as order_lines,
        count(distinct categories.category) as categories_sold,
        min(frames.known_until - events.event_date) filter (where events.is_sale) as days_since_order
    from frames
    inner join events
        on
            frames.customer_id = events.customer_id
            and events.event_date between frames.first_order_date and frames.known_until
    left join {{ ref('int_products_by_category') }} as categories
        on
            frames.prediction_run = categories.prediction_run
            and events.product_id = categories.product_id
    group by 1

),

came as (

    select
        frames.sample_number,
        sum(events.amount) as amount
    from frames
    inner join events
        on
            frames.customer_id = events.customer_id
            and frames.known_until < events.sale_date
            and frames.label_until >= events.event_date
    group by 1

),

features as (

    select * from {{ ref('int_sample_features') }}

)

select
    'features know other money, lines or days than those up to the day' as leak,
    frames.sample_number
from frames
inner join features
    on frames.sample_number = features.sample_number
inner join known
    on frames.sample_number = known.sample_number
where
    abs(features.monetary - cast(known.amount as double)) > 0.005
    or features.order_lines <> known.order_lines
    or features.days_since_order <> known.days_since_order

union all

select
    'shares know more categories than were bought up to the day' as leak,
    features.sample_number
from features
inner join known
    on features.sample_number = known.sample_number
where features.categories_bought > known.categories_sold

union all

select
    'trained or tuned on what was not complete at the origin' as leak,
    roles.sample_number
from {{ ref('int_sample_splits') }} as roles
inner join frames
    on roles.sample_number = frames.sample_number
where
    roles.role in ('train', 'validation')
    and frames.label_until > roles.origin_date

union all

select
    'judged by what was known at the origin' as leak,
    roles.sample_number
from {{ ref('int_sample_splits') }} as roles
inner join frames
    on roles.sample_number = frames.sample_number
where
    roles.role = 'test'
    and (frames.label_until <= roles.origin_date or frames.known_until < roles.origin_date)

union all

select
    'what was learned is younger than an origin' as leak,
    origins.origin_number as sample_number
from {{ ref('int_origins') }} as origins
inner join prediction_runs
    on
        origins.prediction_run = prediction_runs.prediction_run
        and origins.origin_date < prediction_runs.frozen_at

union all

select
    'an outcome has other money than the orders between the days' as leak,
    amounts.sample_number
from {{ ref('int_sample_amounts') }} as amounts
inner join frames
    on amounts.sample_number = frames.sample_number
left join came
    on amounts.sample_number = came.sample_number
where amounts.amount <> coalesce(came.amount, 0)
