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

)

select
    frames.customer_id,
    said.model,
    cast(said.amount as decimal(18, 2)) as expected_spend,
    frames.known_until as as_of_date
from said
inner join in_use
    on said.model = in_use.model
inner join {{ ref('int_frames') }} as frames
    on said.frame_number = frames.frame_number
