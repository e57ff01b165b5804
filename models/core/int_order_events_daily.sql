{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='sync_all_columns',
) }}

-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ lines_to_process() }}
    where
        rejection_reason is null
        and not is_cancellation

),

{{ lines_of_orders('transactions') }},  -- noqa: PRS, LT01

sales as (

    select
        customer_id,
        invoice_id,
        cast(ordered_at as date) as event_date,
        quantity as units,
        gross_amount as amount,
        country,
        1 as line_count,
        false as is_cancelled
    from lines_of_orders

),

-- A cancellation counts against the order it cancels, on the day it happens. Reports of earlier
-- days stay true.
cancelled as (

    select
        customer_id,
        sale_invoice_id as invoice_id,
        cast(cancelled_at as date) as event_date,
        -units as units,
        -amount as amount,
        null as country,
        0 as line_count,
        true as is_cancelled
    from {{ ref('int_cancellation_matches') }}
    where {{ is_changed() | indent(4) }}

),

events as (

    select * from sales

    union all

    select * from cancelled

)

select
    customer_id,
    invoice_id,
    event_date,
    min(country) as country,
    cast(sum(units) as decimal(18, 3)) as units,
    cast(sum(amount) as decimal(18, 2)) as amount,
    cast(coalesce(-sum(units) filter (where is_cancelled), 0) as decimal(18, 3)) as cancelled_units,
    cast(coalesce(-sum(amount) filter (where is_cancelled), 0) as decimal(18, 2))
        as cancelled_amount,
    cast(sum(line_count) as bigint) as line_count
from events
group by 1, 2, 3
