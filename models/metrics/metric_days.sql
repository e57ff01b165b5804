with orders as (

    select * from {{ ref('orders') }}

),

-- Whole months, so that an unfinished month counts as one.
bounds as (

    select
        date_trunc('month', min(order_date)) as first_date,
        last_day(max(order_date)) as last_date
    from orders

)

select
    cast(
        unnest(generate_series(first_date, last_date, interval 1 day)) as date
    ) as calendar_date
from bounds
