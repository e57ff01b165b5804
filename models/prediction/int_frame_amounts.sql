-- What customers spent on orders placed after the frame's day and up to its end, less what of these was cancelled by then.
with frames as (

    select frames.*
    from {{ ref('int_frames') }} as frames
    inner join {{ ref('int_studies') }} as studies
        on
            frames.study = studies.study
            and frames.label_until <= studies.last_date
    where frames.frame_kind = 'known'

),

orders_placed as (

    select
        frames.frame_number,
        order_days.invoice_id,
        sum(order_days.amount) as amount
    from frames
    inner join {{ ref('int_order_days') }} as order_days
        on
            frames.customer_id = order_days.customer_id
            and frames.label_until >= order_days.event_date
    group by 1, 2
    having min(order_days.event_date) > max(frames.known_until)

),

totals as (

    select
        frame_number,
        sum(amount) as amount
    from orders_placed
    group by 1

)

select
    frames.frame_number,
    cast(coalesce(totals.amount, 0) as decimal(18, 2)) as amount
from frames
left join totals
    on frames.frame_number = totals.frame_number
