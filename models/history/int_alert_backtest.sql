{%- set horizon_days, most_customers, least_days = 120, 20000, 60 %}

-- Overdue alerts are tested on the past in two ways. Nobody knows which customers have really left,
-- so changes are made for the test: of customers who went on ordering after a month end, half are
-- made to stop there. An alert for these is right, an alert for the others is wrong. And of the
-- customers of a month end, those without an order in the days that follow stopped in truth.
with as_of as (

    select as_of_date as last_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

month_ends as (

    select
        dates.as_of_date,
        as_of.last_date
    from {{ ref('int_snapshot_dates') }} as dates
    inner join as_of
        on dates.as_of_date <= as_of.last_date
    where dates.is_month_end

),

customers as (

    select distinct customer_id
    from {{ ref('int_customer_states_scd2') }}

),

-- So many are enough. A hash draws the same in every build.
drawn as (

    select customer_id
    from customers
    qualify row_number() over (order by md5(customer_id), customer_id) <= {{ most_customers }}

),

order_states as (

    select states.*
    from {{ ref('int_order_states_scd2') }} as states
    inner join drawn
        on states.customer_id = drawn.customer_id
    inner join as_of
        on states.valid_from <= as_of.last_date

),

first_order as (

    select min(order_date) as first_date
    from order_states

),

observable as (

    select
        month_ends.as_of_date,
        month_ends.last_date - month_ends.as_of_date as days_after,
        month_ends.as_of_date >= first_order.first_date + {{ least_days }} as has_history
    from month_ends
    cross join first_order

),

-- Half a year without an order is a stop. Where the log is too short to compare rules on two month
-- ends by that, 90 days are.
stop_horizons as (

    select
        case when count_if(has_history and days_after >= 180) >= 2 then 180 else 90 end
            as stop_horizon_days
    from observable

),

dates as (

    select
        observable.as_of_date,
        stop_horizons.stop_horizon_days,
        observable.days_after >= {{ horizon_days }} as is_replayed,
        observable.has_history and observable.days_after >= stop_horizons.stop_horizon_days
            as is_observed
    from observable
    cross join stop_horizons
    where is_replayed or is_observed

),

-- As for today's alerts: orders that were net at the date, whatever happened later.
net_orders as (

    select
        dates.as_of_date,
        order_states.customer_id,
        order_states.order_date
    from dates
    inner join order_states
        on {{ is_valid_on('order_states', 'dates.as_of_date') | indent(12) }}
    where order_states.is_net

),

order_days as (

    select distinct
        net_orders.as_of_date,
        net_orders.customer_id,
        history.detailed_segment as segment,
        net_orders.order_date
    from net_orders
    inner join {{ ref('int_segment_snapshots') }} as history
        on
            net_orders.customer_id = history.customer_id
            and net_orders.as_of_date = history.as_of_date

),

{{ alert_rules('order_days') }},

next_orders as (

    select
        own_days.as_of_date,
        own_days.customer_id,
        min(order_states.order_date) as next_order_date
    from own_days
    inner join order_states
        on
            own_days.customer_id = order_states.customer_id
            and own_days.as_of_date < order_states.order_date
    group by 1, 2

),

alerts as (

    select
        alert_rules.model,
        alert_rules.customer_id,
        alert_rules.gap_days,
        alert_rules.as_of_date,
        dates.stop_horizon_days,
        dates.is_replayed,
        dates.is_observed,
        next_orders.next_order_date,
        alert_rules.as_of_date - alert_rules.last_order_date as recency_days,
        {{ stopped_score(
            'alert_rules.gaps', 'alert_rules.active_days', 'recency_days',
            'alert_rules.days_per_order'
        ) | indent(8) }} as stopped_score,
        alert_rules.last_order_date + alert_rules.gap_days + 1 as alert_date,
        -- A rule can't alert twice: all are tested on customers that none had alerted by the month
        -- end.
        dates.is_replayed
        and next_orders.next_order_date is not null
        and bool_and(coalesce(alert_date > alert_rules.as_of_date, true))
            over (partition by alert_rules.as_of_date, alert_rules.customer_id) as is_tested,
        md5(concat(alert_rules.customer_id, '|', alert_rules.as_of_date)) < '8'
            as is_drawn_to_stop
    from alert_rules
    inner join dates
        on alert_rules.as_of_date = dates.as_of_date
    left join next_orders
        on
            alert_rules.as_of_date = next_orders.as_of_date
            and alert_rules.customer_id = next_orders.customer_id

)

select
    model,
    customer_id,
    cast(gap_days as integer) as gap_days,
    {{ horizon_days }} as horizon_days,
    stop_horizon_days,
    stopped_score,
    is_replayed,
    is_tested,
    is_tested and is_drawn_to_stop as is_stopped,
    is_tested
    and coalesce(alert_date <= as_of_date + {{ horizon_days }}, false)
    and (is_drawn_to_stop or alert_date < next_order_date) as is_alerted,
    -- Whether it alerts in the four weeks that follow, with nobody made to stop.
    is_replayed
    and coalesce(
        alert_date > as_of_date
        and alert_date <= as_of_date + 28
        and (next_order_date is null or alert_date < next_order_date), false
    ) as is_alerted_in_four_weeks,
    -- Customers who had ordered lately: who has been away for longer has stopped before.
    is_observed and recency_days <= stop_horizon_days as is_observed,
    coalesce(alert_date <= as_of_date, false) as is_alerted_by_then,
    coalesce(next_order_date > as_of_date + stop_horizon_days, true) as is_gone,
    alert_date,
    next_order_date,
    as_of_date
from alerts
