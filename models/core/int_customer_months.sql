with orders as (

    select * from {{ ref('int_shop_orders') }}
    where not is_anonymous

),

months as (

    select
        customer_id,
        count(*) as order_count,
        sum(revenue) as revenue,
        month_start_date
    from orders
    group by customer_id, month_start_date

)

select
    customer_id,
    order_count,
    cast(revenue as decimal(18, 2)) as revenue,
    min(month_start_date) over (partition by customer_id) as cohort_month_start_date,
    month_start_date
from months
