{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='fail',
) }}

with order_lines as (

    select * from {{ ref('int_order_lines') }}
    where {{ is_changed() | indent(4) }}

)

select
    invoice_id,
    any_value(invoice_number) as invoice_number,
    customer_id,
    min(country) as country,
    count(*) as line_count,
    cast(sum(quantity) as decimal(18, 3)) as units,
    cast(sum(cancelled_quantity) as decimal(18, 3)) as cancelled_units,
    cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
    cast(sum(cancelled_amount) as decimal(18, 2)) as cancelled_amount,
    cast(sum(revenue) as decimal(18, 2)) as revenue,
    sum(quantity) = sum(cancelled_quantity) as is_fully_cancelled,
    min(ordered_at) as ordered_at,
    cast(min(ordered_at) as date) as order_date
from order_lines
group by 1, 3
