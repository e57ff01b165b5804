-- What each customer of today is expected to spend in the next 90 days, by the model in use or the naive guess that beats it.
with in_use as (

    select * from {{ ref('int_models_in_use') }}
    where task = 'spend'

),

said as (

    select
        model,
        frame_number,
        amount
    from {{ ref('spend_predictions') }}

    union all

    select
        model,
        frame_number,
        amount
    from {{ ref('int_spend_guesses') }}
    where study = 'live'

),

combined as (

    {{ combined_amounts('said') | indent(4) }}

),

together as (

    select * from said

    union all

    select
        'combination' as model,
        frame_number,
        amount
    from combined

)

-- Where the model in use said nothing of a customer the past rate stands in.
select
    frames.customer_id,
    coalesce(together.model, 'past rate') as model,
    cast(coalesce(together.amount, past_rates.amount) as decimal(18, 2)) as expected_spend,
    frames.known_until as as_of_date
from {{ ref('int_frames') }} as frames
inner join {{ ref('int_spend_guesses') }} as past_rates
    on
        frames.frame_number = past_rates.frame_number
        and past_rates.study = 'live'
        and past_rates.model = 'past rate'
cross join in_use
left join together
    on
        frames.frame_number = together.frame_number
        and in_use.model = together.model
