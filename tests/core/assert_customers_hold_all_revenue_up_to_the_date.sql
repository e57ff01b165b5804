-- Customers as of the date hold the sales up to it less what was cancelled of them up to it, and
-- nothing else.
{{ config(tags='refresh') }}

with as_of_dates as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

sales as (

    select coalesce(sum(order_lines.gross_amount), 0) as amount
    from {{ ref('order_lines') }} as order_lines
    inner join as_of_dates
        on as_of_dates.as_of_date >= cast(order_lines.ordered_at as date)

),

cancelled as (

    select coalesce(sum(matches.amount), 0) as amount
    from {{ ref('cancellation_matches') }} as matches
    inner join as_of_dates
        on cast(matches.cancelled_at as date) <= as_of_dates.as_of_date

),

customers as (

    select coalesce(sum(monetary), 0) as amount
    from {{ ref('customers') }}

)

select
    sales.amount as sold,
    cancelled.amount as cancelled,
    customers.amount as held
from sales
cross join cancelled
inner join customers
    on customers.amount <> sales.amount - cancelled.amount
