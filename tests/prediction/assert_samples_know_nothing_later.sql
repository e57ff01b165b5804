-- The guard against leaks: what samples know is counted again from the lines themselves, and every
-- date of training, validation and fitting is compared with the origin. A row is a leak; `leak`
-- names it.
with prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}
    where prediction_run = 'backtest'

),

samples as (

    select * from {{ ref('int_samples') }}
    where prediction_run = 'backtest'

),

-- An order is placed with its first line. Lines may be added on later days.
placed_orders as (

    select
        customer_id,
        invoice_id,
        min(cast(ordered_at as date)) as placed_date
    from {{ ref('order_lines') }}
    group by 1, 2

),

line_events as (

    select
        customer_id,
        invoice_id,
        product_id,
        cast(ordered_at as date) as sale_date,
        cast(ordered_at as date) as event_date,
        gross_amount as amount,
        true as is_sale
    from {{ ref('order_lines') }}

    union all

    select
        customer_id,
        sale_invoice_id as invoice_id,
        product_id,
        cast(ordered_at as date) as sale_date,
        cast(cancelled_at as date) as event_date,
        -amount as amount,
        false as is_sale
    from {{ ref('cancellation_matches') }}

),

events as (

    select
        line_events.*,
        placed_orders.placed_date
    from line_events
    inner join placed_orders
        on
            line_events.customer_id = placed_orders.customer_id
            and line_events.invoice_id = placed_orders.invoice_id

),

known as (

    select
        samples.sample_number,
        sum(events.amount) as amount,
        count(*) filter (where events.is_sale) as line_count,
        count(distinct categories.category_id) as categories_sold,
        min(samples.cutoff_date - events.placed_date) filter (
            where events.is_sale
        ) as days_since_order
    from samples
    inner join events
        on
            samples.customer_id = events.customer_id
            and events.event_date between samples.first_order_date and samples.cutoff_date
    left join {{ ref('int_products_by_category') }} as categories
        on
            samples.prediction_run = categories.prediction_run
            and events.product_id = categories.product_id
    group by 1

),

observed as (

    select
        samples.sample_number,
        sum(events.amount) as amount
    from samples
    inner join events
        on
            samples.customer_id = events.customer_id
            and samples.cutoff_date < events.sale_date
            and samples.label_end_date >= events.event_date
    group by 1

),

features as (

    select * from {{ ref('int_sample_features') }}

),

spend_samples as (

    select * from {{ ref('int_spend_samples') }}
    where prediction_run = 'backtest'

),

-- The model of spend is chosen for all origins at once: by what was known at the earliest of them.
earliest_origins as (

    select min(origin_date) as origin_date
    from spend_samples
    where role = 'test'

),

splits as (

    select
        origin_date,
        sample_number,
        role
    from {{ ref('int_classification_samples') }}

    union all

    select
        case
            when spend_samples.role = 'validation' then earliest_origins.origin_date
            else spend_samples.origin_date
        end as origin_date,
        spend_samples.sample_number,
        spend_samples.role
    from spend_samples
    cross join earliest_origins

)

select
    'features know other money, lines or days than those up to the cutoff date' as leak,
    samples.sample_number
from samples
inner join features
    on samples.sample_number = features.sample_number
inner join known
    on samples.sample_number = known.sample_number
where
    abs(features.monetary - cast(known.amount as double)) > 0.005
    or features.line_count <> known.line_count
    or features.days_since_order <> known.days_since_order

union all

select
    'shares know more categories than were bought up to the cutoff date' as leak,
    features.sample_number
from features
inner join known
    on features.sample_number = known.sample_number
where features.categories_bought > known.categories_sold

union all

select
    'a sample trains or validates that was not complete at the origin' as leak,
    splits.sample_number
from splits
inner join samples
    on splits.sample_number = samples.sample_number
where
    splits.role in ('train', 'validation')
    and samples.label_end_date > splits.origin_date

union all

select
    'a sample evaluates whose outcome was known at the origin' as leak,
    splits.sample_number
from splits
inner join samples
    on splits.sample_number = samples.sample_number
where
    splits.role = 'test'
    and (samples.label_end_date <= splits.origin_date or samples.cutoff_date < splits.origin_date)

union all

select
    'something was fitted later than an origin' as leak,
    origins.origin_number as sample_number
from {{ ref('int_prediction_origins') }} as origins
inner join prediction_runs
    on
        origins.prediction_run = prediction_runs.prediction_run
        and origins.origin_date < prediction_runs.frozen_at

union all

select
    'the spend observed is not that of the lines in the horizon' as leak,
    spend_samples.sample_number
from spend_samples
inner join samples
    on spend_samples.sample_number = samples.sample_number
left join observed
    on spend_samples.sample_number = observed.sample_number
where spend_samples.amount <> coalesce(observed.amount, 0)
