-- Customers are new in one month and of one cohort; an order is in one basket size and in one month of a cohort.
with counts as (

    select
        'sales_by_month' as table_name,
        coalesce(sum(new_customers), 0) as customers,
        coalesce(sum(orders), 0) as orders
    from {{ ref('sales_by_month') }}

    union all

    select
        'cohorts' as table_name,
        coalesce(sum(cohort_customers) filter (where months_since_first = 0), 0) as customers,
        coalesce(sum(orders), 0) as orders
    from {{ ref('cohorts') }}

    union all

    select
        'order_value_bands' as table_name,
        null as customers,
        coalesce(sum(orders), 0) as orders
    from {{ ref('order_value_bands') }}

),

whole as (

    select
        count(distinct customer_id) as customers,
        count(*) as orders
    from {{ ref('orders') }}

)

select
    counts.*,
    whole.*
from counts
inner join whole
    on
        counts.customers <> whole.customers
        or counts.orders <> whole.orders
