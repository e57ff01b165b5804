with orders as (

    select * from {{ ref('int_orders') }}

),

anonymous_sales as (

    {{ anonymous_sales() | indent(4) }}

),

{{ lines_of_orders('anonymous_sales', keys=['invoice_id']) }},  -- noqa: PRS, LT01, LT09

-- No cancellation without a customer finds its sale, so anonymous revenue is gross.
anonymous_orders as (

    select
        invoice_id,
        min(country) as country,
        count(*) as line_count,
        sum(quantity) as units,
        sum(gross_amount) as gross_amount,
        min(ordered_at) as ordered_at
    from lines_of_orders
    group by 1

),

shop_orders as (

    select
        invoice_id,
        customer_id,
        country,
        line_count,
        units - cancelled_units as units,
        gross_amount,
        revenue,
        false as is_anonymous,
        ordered_at
    from orders

    union all

    select
        invoice_id,
        null as customer_id,
        country,
        line_count,
        units,
        gross_amount,
        gross_amount as revenue,
        true as is_anonymous,
        ordered_at
    from anonymous_orders

)

select
    invoice_id,
    customer_id,
    country,
    line_count,
    cast(units as decimal(18, 3)) as units,
    cast(gross_amount as decimal(18, 2)) as gross_amount,
    cast(revenue as decimal(18, 2)) as revenue,
    cast(isodow(ordered_at) as integer) as weekday_number,
    cast(hour(ordered_at) as integer) as hour_of_day,
    is_anonymous,
    cast(ordered_at as date) as order_date,
    cast(date_trunc('month', ordered_at) as date) as month_start_date
from shop_orders
