{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='sync_all_columns',
) }}

-- A customer's figures change only on days on which one of the orders changes. Looked up here, the
-- figures at any date cost no sum over the past.
with order_states as (

    select * from {{ ref('int_order_states_scd2') }}
    where {{ is_changed() | indent(4) }}

),

-- What a state changes against the state of the same order before it. Nearly all orders have one
-- state, which holds from the day of the order on: it changes all that it is.
changes as (

    select
        *,
        amount - lag(amount, 1, 0) over by_day as amount_change,
        cast(is_net as integer) - lag(cast(is_net as integer), 1, 0) over by_day
            as net_order_change,
        bool_and(is_net) over (partition by customer_id, invoice_id) as is_always_net
    from order_states
    where valid_from <> order_date or valid_until is not null
    window by_day as (partition by customer_id, invoice_id order by valid_from)

    union all

    select
        *,
        amount as amount_change,
        cast(is_net as integer) as net_order_change,
        is_net as is_always_net
    from order_states
    where valid_from = order_date and valid_until is null

),

days as (

    select
        customer_id,
        valid_from,
        sum(amount_change) as amount_change,
        sum(net_order_change) as net_order_change,
        sum(cast(valid_from = order_date as integer)) as placed_order_change,
        sum({{ order_state_checksum() }}) as checksum,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        max(order_date) filter (where is_always_net) as last_net_order_date,
        -- The customer's country is that of the last order; of two on one day, of the later
        -- invoice. One text of all, in their order: engines compare rows of values slowly. What
        -- parts them comes before any other sign, as the end of a text does.
        max(concat_ws(chr(1), order_date, invoice_id, valid_from, country)) filter (
            where country is not null
        ) as last_country
    from changes
    group by 1, 2

),

running as (

    select
        customer_id,
        valid_from,
        lead(valid_from) over by_day - 1 as valid_until,
        sum(amount_change) over so_far as monetary,
        sum(net_order_change) over so_far as frequency,
        sum(placed_order_change) over so_far as orders_placed,
        sum(checksum) over so_far as events_checksum,
        min(first_order_date) over so_far as first_order_date,
        max(last_order_date) over so_far as last_order_date,
        max(last_net_order_date) over so_far as last_net_order_date,
        split_part(max(last_country) over so_far, chr(1), -1) as country
    from days
    window
        by_day as (partition by customer_id order by valid_from),
        so_far as (by_day rows between unbounded preceding and current row)

),

-- Few orders are cancelled whole at some time. They count only while they are net.
net_for_a_time as (

    select
        running.customer_id,
        running.valid_from,
        max(changes.order_date) as last_net_order_date
    from running
    inner join changes
        on
            running.customer_id = changes.customer_id
            and {{ is_valid_on('changes', 'running.valid_from') | indent(12) }}
    where
        changes.is_net
        and not changes.is_always_net
    group by 1, 2

)

select
    running.customer_id,
    running.country,
    cast(running.orders_placed as bigint) as orders_placed,
    cast(running.frequency as bigint) as frequency,
    cast(running.monetary as decimal(18, 2)) as monetary,
    running.events_checksum,
    running.first_order_date,
    running.last_order_date,
    greatest(running.last_net_order_date, net_for_a_time.last_net_order_date)
        as last_net_order_date,
    running.valid_from,
    running.valid_until
from running
left join net_for_a_time
    on
        running.customer_id = net_for_a_time.customer_id
        and running.valid_from = net_for_a_time.valid_from
