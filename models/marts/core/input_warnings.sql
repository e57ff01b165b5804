with findings as (

    {{ input_findings() | indent(4) }}

),

warnings_about_dates as (

    select * from {{ ref('int_warnings_about_dates') }}

),

warnings_about_ids as (

    select * from {{ ref('int_warnings_about_ids') }}

),

warnings_about_orders as (

    select * from {{ ref('int_warnings_about_orders') }}

),

warnings_about_products as (

    select * from {{ ref('int_warnings_about_products') }}

),

warnings_about_returns as (

    select * from {{ ref('int_warnings_about_returns') }}

),

warnings_about_rows as (

    select * from {{ ref('int_warnings_about_rows') }}

),

warnings_about_statuses as (

    select * from {{ ref('int_warnings_about_statuses') }}

),

-- Findings of several builds add up.
found_while_reading as (

    select
        kind,
        column_name,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(amount) as decimal(18, 2)) as amount,
        max_by(example, (coalesce(row_count, 0), example)) as example,
        max(suggestion) as suggestion
    from findings
    group by 1, 2

),

warnings as (

    select * from found_while_reading

    union all

    select * from warnings_about_dates

    union all

    select * from warnings_about_ids

    union all

    select * from warnings_about_orders

    union all

    select * from warnings_about_products

    union all

    select * from warnings_about_returns

    union all

    select * from warnings_about_rows

    union all

    select * from warnings_about_statuses

)

select
    kind,
    column_name,
    row_count,
    amount,
    left(example, 200) as example,
    suggestion
from warnings
