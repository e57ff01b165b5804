-- The states carry sums along. Summed up from the lines and cancellations themselves, up to each
-- date and nothing later, the figures are the same.
with as_of_dates as (

    select distinct as_of_date from {{ ref('int_as_of_dates') }}

),

sales as (

    select
        as_of_dates.as_of_date,
        lines.customer_id,
        lines.invoice_id,
        cast(min(lines.ordered_at) as date) as order_date,
        sum(lines.quantity) as units,
        sum(lines.gross_amount) as amount
    from as_of_dates
    inner join {{ ref('int_order_lines') }} as lines
        on as_of_dates.as_of_date >= cast(lines.ordered_at as date)
    group by 1, 2, 3

),

cancelled as (

    select
        as_of_dates.as_of_date,
        matches.customer_id,
        matches.sale_invoice_id as invoice_id,
        sum(matches.units) as units,
        sum(matches.amount) as amount
    from as_of_dates
    inner join {{ ref('int_cancellation_matches') }} as matches
        on as_of_dates.as_of_date >= cast(matches.cancelled_at as date)
    group by 1, 2, 3

),

net_orders as (

    select
        sales.as_of_date,
        sales.customer_id,
        sales.order_date,
        sales.units > coalesce(cancelled.units, 0) as is_net,
        sales.amount - coalesce(cancelled.amount, 0) as amount
    from sales
    left join cancelled
        on
            sales.as_of_date = cancelled.as_of_date
            and sales.customer_id = cancelled.customer_id
            and sales.invoice_id = cancelled.invoice_id

),

expected as (

    select
        as_of_date,
        customer_id,
        count(*) as orders_placed,
        count(*) filter (where is_net) as frequency,
        sum(amount) as monetary,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        max(order_date) filter (where is_net) as last_net_order_date
    from net_orders
    group by 1, 2

),

facts as (

    select
        as_of_dates.as_of_date,
        states.*
    from as_of_dates
    inner join {{ ref('int_customer_states_scd2') }} as states
        on {{ is_valid_on('states', 'as_of_dates.as_of_date') | indent(12) }}

)

select
    expected.*,
    facts.*
from expected
full outer join facts
    on
        expected.as_of_date = facts.as_of_date
        and expected.customer_id = facts.customer_id
where
    expected.orders_placed is distinct from facts.orders_placed
    or expected.frequency is distinct from facts.frequency
    or expected.monetary is distinct from facts.monetary
    or expected.first_order_date is distinct from facts.first_order_date
    or expected.last_order_date is distinct from facts.last_order_date
    or expected.last_net_order_date is distinct from facts.last_net_order_date
