-- The categories that customers spent on, in orders placed after the frame's day and up to its end. Other is no interest: it is
-- the last of them.
with frames as (

    select frames.*
    from {{ ref('int_samples') }} as frames
    inner join {{ ref('int_prediction_runs') }} as prediction_runs
        on
            frames.prediction_run = prediction_runs.prediction_run
            and frames.label_until <= prediction_runs.last_date
    where frames.sample_kind in ('known', 'newcomer')

),

bought as (

    select
        frames.sample_number,
        category_days.category,
        category_days.invoice_id,
        sum(category_days.amount) as amount
    from frames
    inner join {{ ref('int_category_days') }} as category_days
        on
            frames.prediction_run = category_days.prediction_run
            and frames.customer_id = category_days.customer_id
            and frames.label_until >= category_days.event_date
    group by 1, 2, 3
    having min(category_days.event_date) > max(frames.known_until)

),

categories as (

    select
        sample_number,
        category,
        cast(sum(amount) as decimal(18, 2)) as amount
    from bought
    group by 1, 2
    having sum(amount) > 0

)

select
    sample_number,
    category,
    amount,
    cast(
        row_number() over (partition by sample_number order by category = -1 asc, amount desc, category asc) as integer
    ) as interest_rank
from categories
