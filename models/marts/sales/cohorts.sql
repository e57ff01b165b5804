with orders as (

    select * from {{ ref('int_shop_orders') }}
    where not is_anonymous

),

sales_by_month as (

    select * from {{ ref('sales_by_month') }}

),

months as (

    select
        customer_id,
        month_start_date,
        count(*) as order_count,
        sum(revenue) as revenue
    from orders
    group by 1, 2

),

-- An order that was cancelled whole begins a cohort too.
customer_months as (

    select
        *,
        min(month_start_date) over (partition by customer_id) as cohort_month_start_date
    from months

),

cohorts as (

    select
        cohort_month_start_date,
        count(distinct customer_id) as cohort_customer_count
    from customer_months
    group by 1

),

activity as (

    select
        cohort_month_start_date,
        month_start_date,
        count(*) as active_customer_count,
        sum(order_count) as order_count,
        sum(revenue) as revenue
    from customer_months
    group by 1, 2

),

-- A month in which nobody of a cohort ordered is a row too, with zeros.
cohort_months as (

    select
        cohorts.cohort_month_start_date,
        cohorts.cohort_customer_count,
        sales_by_month.month_start_date,
        sales_by_month.is_complete,
        coalesce(activity.active_customer_count, 0) as active_customer_count,
        coalesce(activity.order_count, 0) as order_count,
        coalesce(activity.revenue, 0) as revenue
    from cohorts
    inner join sales_by_month
        on cohorts.cohort_month_start_date <= sales_by_month.month_start_date
    left join activity
        on
            cohorts.cohort_month_start_date = activity.cohort_month_start_date
            and sales_by_month.month_start_date = activity.month_start_date

)

select
    cohort_month_start_date,
    cast(
        date_diff('month', cohort_month_start_date, month_start_date) as integer
    ) as months_since_first,
    month_start_date,
    cohort_customer_count,
    active_customer_count,
    active_customer_count / cohort_customer_count as retention,
    cast(order_count as bigint) as order_count,
    cast(revenue as decimal(18, 2)) as revenue,
    cast(
        sum(revenue) over (
            partition by cohort_month_start_date
            order by month_start_date
            rows between unbounded preceding and current row
        ) as decimal(18, 2)
    ) as cumulative_revenue,
    is_complete
from cohort_months
order by 1, 2
