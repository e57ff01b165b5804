-- A customer is new in one month and in one cohort; an order is in one band and in one month of a
-- cohort.
with counts as (

    select
        'sales_by_month' as table_name,
        coalesce(sum(new_customer_count), 0) as customer_count,
        coalesce(sum(order_count), 0) as order_count
    from {{ ref('sales_by_month') }}

    union all

    select
        'cohorts' as table_name,
        coalesce(
            sum(cohort_customer_count) filter (where months_since_first = 0), 0
        ) as customer_count,
        coalesce(sum(order_count), 0) as order_count
    from {{ ref('cohorts') }}

    union all

    select
        'order_value_bands' as table_name,
        null as customer_count,
        coalesce(sum(order_count), 0) as order_count
    from {{ ref('order_value_bands') }}

),

whole as (

    select
        count(distinct customer_id) as customer_count,
        count(*) as order_count
    from {{ ref('orders') }}

)

select
    counts.*,
    whole.*
from counts
inner join whole
    on
        counts.customer_count <> whole.customer_count
        or counts.order_count <> whole.order_count
