-- What models and naive guesses said of each customer's spend, beside what came.
with model_predictions as (

    select
        model,
        settings,
        sample_number,
        amount,
        false as is_baseline
    from {{ ref('spend_backtests') }}

    union all

    select
        model,
        'no training' as settings,
        sample_number,
        amount,
        true as is_baseline
    from {{ ref('int_spend_baselines') }}
    where prediction_run = 'backtest'

),

combined as (

    {{ combined_amounts('model_predictions') | indent(4) }}

),

-- How much could be caught at best.
perfect as (

    select
        roles.sample_number,
        amounts.amount
    from {{ ref('int_sample_splits') }} as roles
    inner join {{ ref('int_sample_amounts') }} as amounts
        on roles.sample_number = amounts.sample_number
    where
        roles.prediction_run = 'backtest'
        and roles.task = 'spend'
        and roles.role = 'test'

),

together as (

    select * from model_predictions

    union all

    select
        'combination' as model,
        'mean of {{ combined_forecasts() | join(", ") }}' as settings,
        sample_number,
        amount,
        false as is_baseline
    from combined

    union all

    select
        'perfect ranking' as model,
        'what came' as settings,
        sample_number,
        cast(amount as double) as amount,
        true as is_baseline
    from perfect

)

select
    together.model,
    together.settings,
    frames.customer_id,
    together.sample_number,
    -- To the penny, as sums of doubles depend on their order.
    cast(together.amount as decimal(18, 2)) as predicted,
    amounts.amount as actual,
    together.is_baseline,
    frames.origin_date
from together
inner join {{ ref('int_samples') }} as frames
    on together.sample_number = frames.sample_number
inner join {{ ref('int_sample_amounts') }} as amounts
    on together.sample_number = amounts.sample_number
