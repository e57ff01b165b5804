with customer_months as (

    select * from {{ ref('int_customer_months') }}

),

months as (

    select
        month_start_date,
        is_complete
    from {{ ref('sales_by_month') }}

),

cohorts as (

    select
        cohort_month_start_date,
        count(distinct customer_id) as cohort_customers
    from customer_months
    group by 1

),

activity as (

    select
        cohort_month_start_date,
        month_start_date,
        count(*) as active_customers,
        sum(orders) as orders,
        sum(revenue) as revenue
    from customer_months
    group by 1, 2

),

-- A month in which nobody of a cohort came back is told too, with zeros.
cohort_months as (

    select
        cohorts.cohort_month_start_date,
        cohorts.cohort_customers,
        months.month_start_date,
        months.is_complete,
        coalesce(activity.active_customers, 0) as active_customers,
        coalesce(activity.orders, 0) as orders,
        coalesce(activity.revenue, 0) as revenue
    from cohorts
    inner join months
        on cohorts.cohort_month_start_date <= months.month_start_date
    left join activity
        on
            cohorts.cohort_month_start_date = activity.cohort_month_start_date
            and months.month_start_date = activity.month_start_date

)

select
    cohort_month_start_date,
    cast(date_diff('month', cohort_month_start_date, month_start_date) as integer) as months_since_first,
    month_start_date,
    cohort_customers,
    active_customers,
    active_customers / cohort_customers as retention,
    cast(orders as bigint) as orders,
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
