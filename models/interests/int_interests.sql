with as_of_dates as (

    select distinct as_of_date from {{ ref('int_as_of_dates') }}

),

categories as (

    select
        product_id,
        category,
        category_name
    from {{ ref('int_products_by_category') }}
    where study = 'live'

),

sales as (

    select
        customer_id,
        invoice_id,
        product_id,
        order_date as event_date,
        order_date,
        quantity as units,
        gross_amount as amount
    from {{ ref('order_lines') }}

),

-- A cancellation counts on the day it happened: what was said before stays true.
cancelled as (

    select
        customer_id,
        sale_invoice_id as invoice_id,
        product_id,
        cast(cancelled_at as date) as event_date,
        cast(ordered_at as date) as order_date,
        -units as units,
        -amount as amount
    from {{ ref('cancellation_matches') }}

),

events as (

    select * from sales

    union all

    select * from cancelled

),

-- Lines are touched once, however many dates are asked for.
category_days as (

    select
        events.customer_id,
        events.invoice_id,
        categories.category,
        categories.category_name,
        events.event_date,
        min(events.order_date) as order_date,
        sum(events.units) as units,
        sum(events.amount) as amount
    from events
    inner join categories
        on events.product_id = categories.product_id
    group by 1, 2, 3, 4, 5

),

-- What an order still holds of a category, by what is known at the date.
kept as (

    select
        as_of_dates.as_of_date,
        category_days.customer_id,
        category_days.invoice_id,
        category_days.category,
        category_days.category_name,
        min(category_days.order_date) as order_date,
        sum(category_days.amount) as amount
    from as_of_dates
    inner join category_days
        on as_of_dates.as_of_date >= category_days.event_date
    group by 1, 2, 3, 4, 5
    having sum(category_days.units) > 0

),

interests as (

    select
        as_of_date,
        customer_id,
        category,
        category_name,
        count(*) as orders,
        cast(sum(amount) as decimal(18, 2)) as spend,
        max(order_date) as last_bought_date
    from kept
    group by 1, 2, 3, 4

)

-- Other is no interest of its own: it comes after what has a name.
select
    as_of_date,
    customer_id,
    category_name,
    category,
    orders,
    spend,
    spend / nullif(sum(spend) over (partition by as_of_date, customer_id), 0) as spend_share,
    cast(row_number() over (
        partition by as_of_date, customer_id
        order by category = -1, spend desc, orders desc, last_bought_date desc, category asc
    ) as integer) as interest_rank,
    last_bought_date
from interests
