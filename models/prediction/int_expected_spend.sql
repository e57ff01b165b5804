-- What each customer of today is expected to spend in the next 90 days, by the model in use or the naive guess that beats it.
with in_use as (

    select * from {{ ref('int_active_models') }}
    where task = 'spend'

),

model_predictions as (

    select
        model,
        sample_number,
        amount
    from {{ ref('spend_predictions') }}

    union all

    select
        model,
        sample_number,
        amount
    from {{ ref('int_spend_baselines') }}
    where prediction_run = 'live'

),

combined as (

    {{ combined_amounts('model_predictions') | indent(4) }}

),

together as (

    select * from model_predictions

    union all

    select
        'combination' as model,
        sample_number,
        amount
    from combined

)

-- Where the model in use said nothing of a customer the past rate stands in.
select
    frames.customer_id,
    coalesce(together.model, 'past rate') as model,
    cast(coalesce(together.amount, past_rates.amount) as decimal(18, 2)) as expected_spend,
    frames.known_until as as_of_date
from {{ ref('int_samples') }} as frames
inner join {{ ref('int_spend_baselines') }} as past_rates
    on
        frames.sample_number = past_rates.sample_number
        and past_rates.prediction_run = 'live'
        and past_rates.model = 'past rate'
cross join in_use
left join together
    on
        frames.sample_number = together.sample_number
        and in_use.model = together.model
