-- What a customer would have become since the date before, had only this happened: time passed
-- (`aging`), and orders were placed (`order`), or earlier orders were cancelled (`cancellation`),
-- or both, by the old rules (`events`), or nothing but new rules (`refit`).
with moves as (

    select * from {{ ref('int_segment_moves') }}
    where
        is_move
        and not is_new

),

order_states as (

    select * from {{ ref('int_order_states_scd2') }}

),

orders as (

    select
        moves.customer_id,
        moves.as_of_date,
        states.order_date,
        states.order_date <= moves.previous_date as is_earlier,
        coalesce(states_before.units, 0) as units_before,
        coalesce(states_before.amount, 0) as amount_before,
        states.cancelled_units - coalesce(states_before.cancelled_units, 0) as units_cancelled,
        states.cancelled_amount - coalesce(states_before.cancelled_amount, 0) as amount_cancelled,
        states.units - units_before + units_cancelled as units_bought,
        states.amount - amount_before + amount_cancelled as amount_bought
    from moves
    inner join order_states as states
        on
            moves.customer_id = states.customer_id
            and {{ is_valid_on('states', 'moves.as_of_date') | indent(12) }}
    left join order_states as states_before
        on
            states.customer_id = states_before.customer_id
            and states.invoice_id = states_before.invoice_id
            and {{ is_valid_on('states_before', 'moves.previous_date') | indent(12) }}

),

by_customer as (

    select
        customer_id,
        as_of_date,
        bool_or(units_bought > 0) as has_orders,
        max(order_date) filter (where units_before + units_bought > 0) as last_order_date,
        count(*) filter (where units_before + units_bought > 0) as frequency_with_orders,
        sum(amount_before + amount_bought) as monetary_with_orders,
        coalesce(bool_or(is_earlier and units_cancelled > 0), false) as has_cancellations,
        max(order_date) filter (where is_earlier and units_before > units_cancelled)
            as last_uncancelled_date,
        count(*) filter (where is_earlier and units_before > units_cancelled)
            as frequency_uncancelled,
        sum(amount_before - amount_cancelled) filter (where is_earlier) as monetary_uncancelled
    from orders
    group by 1, 2

),

-- Only where something happened can orders or cancellations have moved anybody.
facts as (

    select
        moves.customer_id,
        moves.as_of_date,
        'order' as scenario,
        moves.previous_version as model_version,
        cast(moves.as_of_date - by_customer.last_order_date as integer) as recency_days,
        by_customer.frequency_with_orders as frequency,
        cast(by_customer.monetary_with_orders as decimal(18, 2)) as monetary
    from moves
    inner join by_customer
        on
            moves.customer_id = by_customer.customer_id
            and moves.as_of_date = by_customer.as_of_date
    where by_customer.has_orders

    union all

    select
        moves.customer_id,
        moves.as_of_date,
        'cancellation' as scenario,
        moves.previous_version as model_version,
        cast(moves.as_of_date - by_customer.last_uncancelled_date as integer) as recency_days,
        by_customer.frequency_uncancelled as frequency,
        cast(by_customer.monetary_uncancelled as decimal(18, 2)) as monetary
    from moves
    inner join by_customer
        on
            moves.customer_id = by_customer.customer_id
            and moves.as_of_date = by_customer.as_of_date
    where by_customer.has_cancellations

    union all

    select
        customer_id,
        as_of_date,
        'aging' as scenario,
        previous_version as model_version,
        cast(recency_before + (as_of_date - previous_date) as integer) as recency_days,
        frequency_before as frequency,
        monetary_before as monetary
    from moves

    union all

    select
        customer_id,
        as_of_date,
        'events' as scenario,
        previous_version as model_version,
        recency_days,
        frequency,
        monetary
    from moves

    union all

    select
        customer_id,
        as_of_date,
        'refit' as scenario,
        model_version,
        recency_before as recency_days,
        frequency_before as frequency,
        monetary_before as monetary
    from moves
    where model_version <> previous_version

),

{{ assign_segments('facts') }}

select
    customer_id,
    as_of_date,
    scenario,
    rfm_segment,
    broad_segment,
    detailed_segment,
    model_version,
    recency_days,
    frequency,
    monetary
from segmented
