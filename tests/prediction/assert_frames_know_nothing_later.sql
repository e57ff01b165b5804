-- The guard against leaks: what frames know is counted anew from the lines themselves, and every day of training, tuning and
-- freezing is held against the day from which is foretold. A row is a leak, and says which.
with studies as (

    select * from {{ ref('int_studies') }}
    where study = 'backtest'

),

frames as (

    select frames.*
    from {{ ref('int_frames') }} as frames
    inner join studies
        on frames.study = studies.study

),

sold as (

    select
        frames.frame_number,
        sum(order_lines.gross_amount) as amount,
        count(*) as order_lines,
        min(frames.known_until - order_lines.order_date) as days_since_order
    from frames
    inner join {{ ref('order_lines') }} as order_lines
        on
            frames.customer_id = order_lines.customer_id
            and order_lines.order_date between frames.first_order_date and frames.known_until
    group by 1

),

taken_back as (

    select
        frames.frame_number,
        sum(matches.amount) as amount
    from frames
    inner join {{ ref('cancellation_matches') }} as matches
        on
            frames.customer_id = matches.customer_id
            and cast(matches.cancelled_at as date) between frames.first_order_date and frames.known_until
    group by 1

),

categories_sold as (

    select
        frames.frame_number,
        categories.category,
        sum(order_lines.gross_amount) as amount
    from frames
    inner join {{ ref('order_lines') }} as order_lines
        on
            frames.customer_id = order_lines.customer_id
            and order_lines.order_date between frames.first_order_date and frames.known_until
    inner join {{ ref('int_products_by_category') }} as categories
        on
            order_lines.product_id = categories.product_id
            and frames.study = categories.study
    group by 1, 2

),

came as (

    select
        frames.frame_number,
        sum(order_lines.gross_amount) as amount
    from frames
    inner join {{ ref('order_lines') }} as order_lines
        on
            frames.customer_id = order_lines.customer_id
            and order_lines.order_date between frames.known_until + 1 and frames.label_until
    group by 1

),

came_back as (

    select
        frames.frame_number,
        sum(matches.amount) as amount
    from frames
    inner join {{ ref('cancellation_matches') }} as matches
        on
            frames.customer_id = matches.customer_id
            and cast(matches.ordered_at as date) > frames.known_until
            and cast(matches.cancelled_at as date) <= frames.label_until
    group by 1

),

spread as (

    select
        frame_number,
        -- How evenly money is spread over categories, before anything is taken back.
        count(*) as categories_sold
    from categories_sold
    group by 1

),

features as (

    select * from {{ ref('int_frame_features') }}

)

select
    'features know other money, lines or days than those up to the day' as leak,
    frames.frame_number
from frames
inner join features
    on frames.frame_number = features.frame_number
inner join sold
    on frames.frame_number = sold.frame_number
left join taken_back
    on frames.frame_number = taken_back.frame_number
where
    abs(features.monetary - cast(sold.amount - coalesce(taken_back.amount, 0) as double)) > 0.005
    or features.order_lines <> sold.order_lines
    or features.days_since_order <> sold.days_since_order

union all

select
    'shares know more categories than were bought up to the day' as leak,
    features.frame_number
from features
inner join frames
    on features.frame_number = frames.frame_number
left join spread
    on features.frame_number = spread.frame_number
where features.categories_bought > coalesce(spread.categories_sold, 0)

union all

select
    'trained or tuned on what was not complete at the origin' as leak,
    roles.frame_number
from {{ ref('int_frame_roles') }} as roles
inner join frames
    on roles.frame_number = frames.frame_number
where
    roles.role in ('train', 'validation')
    and frames.label_until > roles.origin_date

union all

select
    'judged by what was known at the origin' as leak,
    roles.frame_number
from {{ ref('int_frame_roles') }} as roles
inner join frames
    on roles.frame_number = frames.frame_number
where
    roles.role = 'test'
    and (frames.label_until <= roles.origin_date or frames.known_until < roles.origin_date)

union all

select
    'what was learned is younger than an origin' as leak,
    origins.origin_number as frame_number
from {{ ref('int_origins') }} as origins
inner join studies
    on
        origins.study = studies.study
        and origins.origin_date < studies.frozen_at

union all

select
    'an outcome has other money than the orders between the days' as leak,
    amounts.frame_number
from {{ ref('int_frame_amounts') }} as amounts
inner join frames
    on amounts.frame_number = frames.frame_number
left join came
    on amounts.frame_number = came.frame_number
left join came_back
    on amounts.frame_number = came_back.frame_number
where amounts.amount <> coalesce(came.amount, 0) - coalesce(came_back.amount, 0)
