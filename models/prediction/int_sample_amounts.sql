-- What customers spent on orders placed after the frame's day and up to its end, less what of these was cancelled by then.
with frames as (

    select frames.*
    from {{ ref('int_samples') }} as frames
    inner join {{ ref('int_prediction_runs') }} as prediction_runs
        on
            frames.prediction_run = prediction_runs.prediction_run
            and frames.label_until <= prediction_runs.last_date
    where frames.sample_kind = 'known'

),

orders_placed as (

    select
        frames.sample_number,
        order_days.invoice_id,
        sum(order_days.amount) as amount
    from frames
    inner join {{ ref('int_order_events_daily') }} as order_days
        on
            frames.customer_id = order_days.customer_id
            and frames.label_until >= order_days.event_date
    group by 1, 2
    having min(order_days.event_date) > max(frames.known_until)

),

totals as (

    select
        sample_number,
        sum(amount) as amount
    from orders_placed
    group by 1

)

select
    frames.sample_number,
    cast(coalesce(totals.amount, 0) as decimal(18, 2)) as amount
from frames
left join totals
    on frames.sample_number = totals.sample_number
