-- Customers of today, and those of the baseline date where their interest groups are still to be
-- fitted.
{%- set are_groups_pending =
    lacks_version('versions.model_version', 'segmentation', 'int_interest_groups') %}

with dates as (

    select
        as_of_date,
        true as is_current
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

    union all

    select
        versions.baseline_date as as_of_date,
        false as is_current
    from {{ ref('model_versions') }} as versions
    where
        versions.is_active
        and {{ are_groups_pending | indent(8) }}
        and versions.baseline_date not in (
            select as_of_dates.as_of_date
            from {{ ref('int_as_of_dates') }} as as_of_dates
            where as_of_dates.role = 'as_of'
        )

),

category_days as (

    select * from {{ ref('int_category_days') }}
    where prediction_run = 'live'

),

-- What an order still holds of a category, by what is known at the date. Its first event is the
-- sale itself.
net_orders as (

    select
        dates.as_of_date,
        dates.is_current,
        category_days.customer_id,
        category_days.invoice_id,
        category_days.category_id,
        category_days.category_name,
        min(category_days.event_date) as order_date,
        sum(category_days.amount) as amount
    from dates
    inner join category_days
        on dates.as_of_date >= category_days.event_date
    group by 1, 2, 3, 4, 5, 6
    having sum(category_days.units) > 0

),

spends as (

    select
        as_of_date,
        is_current,
        customer_id,
        category_id,
        category_name,
        count(*) as order_count,
        cast(sum(amount) as decimal(18, 2)) as spend,
        max(order_date) as last_bought_date
    from net_orders
    group by 1, 2, 3, 4, 5

)

-- Other is no interest of its own: it ranks after every named category.
select
    as_of_date,
    customer_id,
    category_name,
    category_id,
    order_count,
    spend,
    spend / nullif(sum(spend) over (partition by as_of_date, customer_id), 0) as spend_share,
    cast(row_number() over (
        partition by as_of_date, customer_id
        order by
            category_id = -1 asc,
            spend desc,
            order_count desc,
            last_bought_date desc,
            category_id asc
    ) as integer) as interest_rank,
    is_current,
    last_bought_date
from spends
