with as_of_dates as (

    select distinct as_of_date from {{ ref('int_as_of_dates') }}

),

category_days as (

    select * from {{ ref('int_category_days') }}
    where prediction_run = 'live'

),

-- What an order still holds of a category, by what is known at the date. Its first event is the sale itself.
kept as (

    select
        as_of_dates.as_of_date,
        category_days.customer_id,
        category_days.invoice_id,
        category_days.category,
        category_days.category_name,
        min(category_days.event_date) as order_date,
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
