{{ config(meta={'bytes_per_customer_and_date': 100}) }}

-- depends_on: {{ ref('int_snapshot_dates') }}
-- What a customer would have become since the date before, had only some of the steps happened:
-- time passed (`is_aged`), orders were placed (`is_ordered`), some were cancelled (`is_cancelled`),
-- the rules changed (`is_refitted`). One row for each combination of the steps that did happen.
with due_moves as (

    select * from {{ ref('int_segment_moves') }}
    where
        is_move
        and not is_new
        and {{ is_in_part() }}

),

order_states as (

    select * from {{ ref('int_order_states_scd2') }}
    where {{ is_in_part() }}

),

customer_states as (

    select * from {{ ref('int_customer_states_scd2') }}
    where {{ is_in_part() }}

),

-- Most customers move by time alone: no order of theirs has changed since the date before.
moves as (

    select
        due_moves.*,
        states.country,
        states_before.country as country_before,
        states.valid_from > due_moves.previous_date as has_changed
    from due_moves
    inner join customer_states as states
        on
            due_moves.customer_id = states.customer_id
            and {{ is_valid_on('states', 'due_moves.as_of_date') | indent(12) }}
    left join customer_states as states_before
        on
            due_moves.customer_id = states_before.customer_id
            and {{ is_valid_on('states_before', 'due_moves.previous_date') | indent(12) }}

),

-- Few states have ended. Any other is that of the date before, too, or the first of its order.
ended_states as (

    select * from order_states
    where valid_until is not null

),

orders as (

    select
        moves.customer_id,
        moves.as_of_date,
        states.order_date,
        states.valid_from <= moves.previous_date as is_same,
        states.order_date <= moves.previous_date as is_earlier,
        {% for figure in ['units', 'amount', 'cancelled_units', 'cancelled_amount'] %}
        coalesce(case when is_same then states.{{ figure }} else states_before.{{ figure }} end, 0)
            as {{ figure }}_before,
        {% endfor %}
        states.cancelled_units - cancelled_units_before as units_cancelled,
        states.cancelled_amount - cancelled_amount_before as amount_cancelled,
        states.units - units_before + units_cancelled as units_bought,
        states.amount - amount_before + amount_cancelled as amount_bought
    from moves
    inner join order_states as states
        on
            moves.has_changed
            and moves.customer_id = states.customer_id
            and {{ is_valid_on('states', 'moves.as_of_date') | indent(12) }}
    left join ended_states as states_before
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
        bool_or(units_cancelled > 0) as has_cancellations,
        coalesce(bool_or(is_earlier and units_cancelled > 0), false) as has_earlier_cancellations,
        max(order_date) filter (where is_earlier and units_before > units_cancelled)
            as last_uncancelled_date,
        count(*) filter (where is_earlier and units_before > units_cancelled)
            as frequency_uncancelled,
        sum(amount_before - amount_cancelled) filter (where is_earlier) as monetary_uncancelled
    from orders
    group by 1, 2

),

scenarios as (

    select
        moves.*,
        coalesce(by_customer.has_orders, false) as has_orders,
        by_customer.last_order_date,
        by_customer.frequency_with_orders,
        by_customer.monetary_with_orders,
        coalesce(by_customer.has_cancellations, false) as has_cancellations,
        coalesce(by_customer.has_earlier_cancellations, false) as has_earlier_cancellations,
        by_customer.last_uncancelled_date,
        by_customer.frequency_uncancelled,
        by_customer.monetary_uncancelled,
        aging.is_aged,
        ordering.is_ordered,
        cancelling.is_cancelled,
        refitting.is_refitted
    from moves
    left join by_customer
        on
            moves.customer_id = by_customer.customer_id
            and moves.as_of_date = by_customer.as_of_date
    cross join (values (false), (true)) as aging (is_aged)
    inner join (values (false), (true)) as ordering (is_ordered)
        on
            coalesce(by_customer.has_orders, false)
            or not ordering.is_ordered
    inner join (values (false), (true)) as cancelling (is_cancelled)
        on
            coalesce(by_customer.has_cancellations, false)
            or not cancelling.is_cancelled
    inner join (values (false), (true)) as refitting (is_refitted)
        on
            moves.model_version <> moves.previous_version
            or not refitting.is_refitted

),

-- An order that is cancelled before the date is over counts as placed without its cancellation, and
-- not at all without the order.
facts as (

    select
        customer_id,
        as_of_date,
        previous_date,
        is_aged,
        is_ordered,
        is_cancelled,
        is_refitted,
        has_earlier_cancellations,
        case when is_refitted then model_version else previous_version end as model_version,
        -- A customer moves with an order.
        case when is_ordered or not has_orders then country else country_before end as country,
        case
            when is_ordered = has_orders and is_cancelled = has_cancellations
                then as_of_date - recency_days
            when is_ordered then last_order_date
            when is_cancelled then last_uncancelled_date
            else previous_date - recency_before
        end as last_net_order_date,
        case
            when is_ordered = has_orders and is_cancelled = has_cancellations then frequency
            when is_ordered then frequency_with_orders
            when is_cancelled then frequency_uncancelled
            else frequency_before
        end as frequency,
        cast(
            case
                when is_ordered = has_orders and is_cancelled = has_cancellations then monetary
                when is_ordered then monetary_with_orders
                when is_cancelled then monetary_uncancelled
                else monetary_before
            end as decimal(18, 2)
        ) as monetary
    from scenarios

),

-- Where no time passed, an order since the date before was placed on the day itself.
aged as (

    select
        *,
        cast(
            case
                when is_aged then as_of_date - last_net_order_date
                when last_net_order_date > previous_date then 0
                else previous_date - last_net_order_date
            end as integer
        ) as recency_days,
        case
            when is_refitted and not (is_aged or is_ordered or is_cancelled) then 'refit'
            when is_refitted or not is_aged then null
            when is_ordered and not is_cancelled then 'order'
            when is_cancelled and not is_ordered and has_earlier_cancellations then 'cancellation'
            when not (is_ordered or is_cancelled) then 'aging'
        end as single_cause
    from facts

),

{{ assign_segments('aged') }}

select
    customer_id,
    as_of_date,
    is_aged,
    is_ordered,
    is_cancelled,
    is_refitted,
    single_cause,
    rfm_segment,
    broad_segment,
    detailed_segment,
    cast(model_version as integer) as model_version,
    recency_days,
    frequency,
    monetary
from segmented
