{%- set horizon_days, plain_rule_days = 120, 90 %}

-- The watch is tried on the past with changes that we made ourselves, for who has really left nobody can know: of customers who went
-- on ordering after a month end, half are made to stop there. A warning about those is right, about the others wrong.
with last_day as (

    select max(order_date) as last_date
    from {{ ref('orders') }}

),

dates as (

    select dates.as_of_date
    from {{ ref('int_history_dates') }} as dates
    inner join last_day
        on dates.as_of_date <= last_day.last_date - {{ horizon_days }}
    where dates.is_month_end

),

kept_days as (

    select distinct
        customer_id,
        order_date
    from {{ ref('orders') }}
    where not is_fully_cancelled

),

followed as (

    select
        history.customer_id,
        history.as_of_date,
        history.detailed_segment,
        min(kept_days.order_date) filter (where kept_days.order_date > history.as_of_date) as next_order_date,
        max(kept_days.order_date) filter (where kept_days.order_date <= history.as_of_date) as last_order_date
    from {{ ref('segment_history') }} as history
    inner join dates
        on history.as_of_date = dates.as_of_date
    inner join kept_days
        on history.customer_id = kept_days.customer_id
    group by 1, 2, 3

),

frames as (

    select
        concat(customer_id, '|', as_of_date) as frame,
        customer_id,
        as_of_date,
        detailed_segment,
        last_order_date,
        next_order_date,
        -- Drawn by a hash, so that each build stops the same.
        md5(concat(customer_id, '|', as_of_date)) < '8' as is_stopped
    from followed
    where
        last_order_date is not null
        and next_order_date is not null

),

order_days as (

    select
        frames.frame as customer_id,
        concat(frames.detailed_segment, '|', frames.as_of_date) as segment,
        kept_days.order_date
    from frames
    inner join kept_days
        on
            frames.customer_id = kept_days.customer_id
            and frames.as_of_date >= kept_days.order_date

),

{{ usual_gaps('order_days') }},

rules as (

    select
        'usual gap' as model,
        customer_id as frame,
        usual_gap_days as gap_days
    from usual_gaps

    union all

    select
        'over {{ plain_rule_days }} days' as model,
        frame,
        {{ plain_rule_days }} as gap_days
    from frames

),

-- Whom a rule had warned of by the month end already, it can't warn of again.
watched as (

    select
        rules.model,
        frames.*,
        rules.gap_days,
        frames.last_order_date + rules.gap_days + 1 as alert_date
    from frames
    inner join rules
        on frames.frame = rules.frame
    where frames.last_order_date + rules.gap_days + 1 > frames.as_of_date

)

select
    model,
    customer_id,
    as_of_date,
    gap_days,
    is_stopped,
    alert_date,
    alert_date <= as_of_date + {{ horizon_days }}
    and (is_stopped or alert_date < next_order_date) as is_warned,
    case
        when is_stopped and alert_date <= as_of_date + {{ horizon_days }} then alert_date - as_of_date
    end as delay_days,
    {{ horizon_days }} as horizon_days
from watched
