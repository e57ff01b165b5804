with as_of_dates as (

    select distinct as_of_date from {{ ref('int_as_of_dates') }}

),

interests as (

    select * from {{ ref('int_customer_category_spend') }}

),

baskets as (

    select
        as_of_dates.as_of_date,
        order_days.customer_id,
        order_days.invoice_id,
        sum(order_days.amount) as amount
    from as_of_dates
    inner join {{ ref('int_order_events_daily') }} as order_days
        on as_of_dates.as_of_date >= order_days.event_date
    group by 1, 2, 3
    having sum(order_days.units) > 0

),

customers as (

    select
        as_of_date,
        customer_id,
        count(*) as baskets,
        min(amount) as smallest,
        sum(amount) / count(*) as mean,
        max(amount) as largest
    from baskets
    group by 1, 2

),

categories as (

    select count(*) > 0 as are_known
    from interests
    where category >= 0

)

-- Logarithms, as baskets differ by factors. Without categories there is nothing to be interested in, and baskets alone are what
-- the other segments tell.
select
    customers.as_of_date,
    customers.customer_id,
    unnest(['basket_count', 'smallest_basket', 'mean_basket', 'largest_basket']) as feature,
    unnest([
        ln(1 + cast(customers.baskets as double)),
        ln(1 + cast(customers.smallest as double)),
        ln(1 + cast(customers.mean as double)),
        ln(1 + cast(customers.largest as double))
    ]) as value
from customers
cross join categories
where categories.are_known

union all

select
    as_of_date,
    customer_id,
    format('category_{:02d}', category) as feature,
    spend_share as value
from interests
where
    category >= 0
    and spend_share > 0
