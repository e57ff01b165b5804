with categories as (

    select
        prediction_run,
        product_id,
        category_id,
        category_name
    from {{ ref('int_products_by_category') }}

),

sales as (

    select
        customer_id,
        invoice_id,
        product_id,
        quantity as units,
        gross_amount as amount,
        cast(ordered_at as date) as sale_date,
        cast(ordered_at as date) as event_date
    from {{ ref('int_order_lines') }}

),

-- As for whole orders: a cancellation counts against the sale that it cancels from, on the day it
-- happened.
cancelled as (

    select
        matches.customer_id,
        matches.sale_invoice_id as invoice_id,
        matches.product_id,
        -matches.units as units,
        -matches.amount as amount,
        cast(sales.ordered_at as date) as sale_date,
        cast(matches.cancelled_at as date) as event_date
    from {{ ref('int_cancellation_matches') }} as matches
    inner join {{ ref('int_order_lines') }} as sales
        on matches.sale_row = sales.input_row

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
    categories.category_id,
    cast(sum(events.units) as decimal(18, 3)) as units,
    cast(sum(events.amount) as decimal(18, 2)) as amount,
    events.sale_date,
    events.event_date
from events
inner join categories
    on events.product_id = categories.product_id
group by
    categories.prediction_run,
    events.customer_id,
    events.invoice_id,
    categories.category_name,
    categories.category_id,
    events.sale_date,
    events.event_date
