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

select
    frames.customer_id,
    together.model,
    cast(together.amount as decimal(18, 2)) as expected_spend,
    frames.known_until as as_of_date
from together
inner join in_use
    on together.model = in_use.model
inner join {{ ref('int_frames') }} as frames
    on together.frame_number = frames.frame_number
