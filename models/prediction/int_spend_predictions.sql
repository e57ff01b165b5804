-- What models and naive guesses said of each customer's spend, beside what came.
with roles as (

    select * from {{ ref('int_frame_roles') }}
    where
        study = 'backtest'
        and task = 'spend'
        and role = 'test'

),

said as (

    select
        model,
        settings,
        frame_number,
        amount,
        false as is_baseline,
        origin_date
    from {{ ref('spend_backtests') }}

    union all

    select
        model,
        'no training' as settings,
        frame_number,
        amount,
        true as is_baseline,
        origin_date
    from {{ ref('int_spend_guesses') }}
    where study = 'backtest'

    union all

    -- How much could be caught at best.
    select
        'perfect ranking' as model,
        'what came' as settings,
        roles.frame_number,
        cast(amounts.amount as double) as amount,
        true as is_baseline,
        roles.origin_date
    from roles
    inner join {{ ref('int_frame_amounts') }} as amounts
        on roles.frame_number = amounts.frame_number

)

select
    said.model,
    said.settings,
    frames.customer_id,
    said.frame_number,
    -- To the penny, as sums of doubles depend on their order.
    cast(said.amount as decimal(18, 2)) as predicted,
    amounts.amount as actual,
    said.is_baseline,
    cast(said.origin_date as date) as origin_date
from said
inner join {{ ref('int_frames') }} as frames
    on said.frame_number = frames.frame_number
inner join {{ ref('int_frame_amounts') }} as amounts
    on said.frame_number = amounts.frame_number
