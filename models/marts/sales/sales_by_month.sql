with orders as (

    select * from {{ ref('int_shop_orders') }}

),

cancellations as (

    select * from {{ ref('cancellations') }}

),

sales as (

    select
        month_start_date,
        {{ sales_totals() }}
    from orders
    group by 1

),

first_months as (

    select
        customer_id,
        min(month_start_date) as month_start_date
    from orders
    where not is_anonymous
    group by 1

),

newcomers as (

    select
        month_start_date,
        count(*) as new_customer_count
    from first_months
    group by 1

),

-- A log may end with a cancellation.
logged_days as (

    select order_date as logged_date
    from orders

    union

    select cast(cancelled_at as date) as logged_date
    from cancellations

),

log as (

    select
        min(logged_date) as first_date,
        max(logged_date) as last_date
    from logged_days

),

-- A month without sales is a row too, or a chart would draw a line across it.
months as (

    select
        cast(
            unnest(
                generate_series(min(month_start_date), max(month_start_date), interval 1 month)
            ) as date
        ) as month_start_date
    from sales

)

select
    months.month_start_date,
    {{ sales_of('sales') }},
    coalesce(newcomers.new_customer_count, 0) as new_customer_count,
    log.first_date <= months.month_start_date
    and log.last_date >= last_day(months.month_start_date) as is_complete
from months
cross join log
left join sales
    on months.month_start_date = sales.month_start_date
left join newcomers
    on months.month_start_date = newcomers.month_start_date
order by 1
