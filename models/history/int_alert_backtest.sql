{%- set horizon_days, plain_rule_days, most_customers = 120, 90, 20000 %}

-- Overdue alerts are tested on the past with changes made for the test, because nobody knows which
-- customers have really left: of customers who went on ordering after a month end, half are made to
-- stop there. An alert for these is right, an alert for the others is wrong.
with as_of as (

    select as_of_date as last_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

dates as (

    select dates.as_of_date
    from {{ ref('int_snapshot_dates') }} as dates
    inner join as_of
        on dates.as_of_date <= as_of.last_date - {{ horizon_days }}
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

{{ typical_gaps('order_days') }},

last_orders as (

    select
        as_of_date,
        customer_id,
        max(order_date) as last_order_date
    from order_days
    group by 1, 2

),

next_orders as (

    select
        last_orders.as_of_date,
        last_orders.customer_id,
        min(order_states.order_date) as next_order_date
    from last_orders
    inner join order_states
        on
            last_orders.customer_id = order_states.customer_id
            and last_orders.as_of_date < order_states.order_date
    group by 1, 2

),

rules as (

    select
        'typical gap' as model,
        as_of_date,
        customer_id,
        typical_gap_days as gap_days
    from typical_gaps

    union all

    select
        'over {{ plain_rule_days }} days' as model,
        as_of_date,
        customer_id,
        {{ plain_rule_days }} as gap_days
    from typical_gaps

),

alerts as (

    select
        rules.model,
        rules.customer_id,
        rules.gap_days,
        rules.as_of_date,
        next_orders.next_order_date,
        last_orders.last_order_date + rules.gap_days + 1 as alert_date,
        -- A rule can't alert twice: both are tested on customers that neither had alerted by the
        -- month end.
        next_orders.next_order_date is not null
        and bool_and(coalesce(alert_date > rules.as_of_date, true))
            over (partition by rules.as_of_date, rules.customer_id) as is_tested,
        md5(concat(rules.customer_id, '|', rules.as_of_date)) < '8' as is_drawn_to_stop
    from rules
    inner join last_orders
        on
            rules.as_of_date = last_orders.as_of_date
            and rules.customer_id = last_orders.customer_id
    left join next_orders
        on
            rules.as_of_date = next_orders.as_of_date
            and rules.customer_id = next_orders.customer_id

)

select
    model,
    customer_id,
    cast(gap_days as integer) as gap_days,
    {{ horizon_days }} as horizon_days,
    is_tested,
    is_tested and is_drawn_to_stop as is_stopped,
    is_tested
    and coalesce(alert_date <= as_of_date + {{ horizon_days }}, false)
    and (is_drawn_to_stop or alert_date < next_order_date) as is_alerted,
    -- Whether it alerts in the four weeks that follow, with nobody made to stop.
    coalesce(
        alert_date > as_of_date
        and alert_date <= as_of_date + 28
        and (next_order_date is null or alert_date < next_order_date), false
    ) as is_alerted_in_four_weeks,
    alert_date,
    next_order_date,
    as_of_date
from alerts
