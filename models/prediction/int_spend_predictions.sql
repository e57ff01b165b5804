-- What models and naive guesses said of each customer's spend, beside what came.
with said as (

    select
        model,
        settings,
        frame_number,
        amount,
        false as is_baseline
    from {{ ref('spend_backtests') }}

    union all

    select
        model,
        'no training' as settings,
        frame_number,
        amount,
        true as is_baseline
    from {{ ref('int_spend_guesses') }}
    where study = 'backtest'

),

combined as (

    {{ combined_amounts('said') | indent(4) }}

),

-- How much could be caught at best.
perfect as (

    select
        roles.frame_number,
        amounts.amount
    from {{ ref('int_frame_roles') }} as roles
    inner join {{ ref('int_frame_amounts') }} as amounts
        on roles.frame_number = amounts.frame_number
    where
        roles.study = 'backtest'
        and roles.task = 'spend'
        and roles.role = 'test'

),

together as (

    select * from said

    union all

    select
        'combination' as model,
        'mean of {{ combined_forecasts() | join(", ") }}' as settings,
        frame_number,
        amount,
        false as is_baseline
    from combined

    union all

    select
        'perfect ranking' as model,
        'what came' as settings,
        frame_number,
        cast(amount as double) as amount,
        true as is_baseline
    from perfect

)

select
    together.model,
    together.settings,
    frames.customer_id,
    together.frame_number,
    -- To the penny, as sums of doubles depend on their order.
    cast(together.amount as decimal(18, 2)) as predicted,
    amounts.amount as actual,
    together.is_baseline,
    frames.origin_date
from together
inner join {{ ref('int_frames') }} as frames
    on together.frame_number = frames.frame_number
inner join {{ ref('int_frame_amounts') }} as amounts
    on together.frame_number = amounts.frame_number
