with categories as (

    select
        prediction_run,
        product_id,
        category,
        category_name
    from {{ ref('int_products_by_category') }}

),

sales as (

    select
        customer_id,
        invoice_id,
        product_id,
        order_date as event_date,
        quantity as units,
        gross_amount as amount
    from {{ ref('int_order_lines') }}

),

-- As for whole orders: a cancellation counts against the order that it cancels from, on the day it
-- happened.
cancelled as (

    select
        customer_id,
        sale_invoice_id as invoice_id,
        product_id,
        cast(cancelled_at as date) as event_date,
        -units as units,
        -amount as amount
    from {{ ref('int_cancellation_matches') }}

),

events as (

    select * from sales

    union all

    select * from cancelled

)

select
    categories.prediction_run,
    events.customer_id,
    events.invoice_id,
    categories.category_name,
    categories.category,
    cast(sum(events.units) as decimal(18, 3)) as units,
    cast(sum(events.amount) as decimal(18, 2)) as amount,
    events.event_date
from events
inner join categories
    on events.product_id = categories.product_id
group by
    categories.prediction_run,
    events.customer_id,
    events.invoice_id,
    categories.category_name,
    categories.category,
    events.event_date
