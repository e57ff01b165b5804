-- What each customer of today is expected to spend in the next 90 days, by the active model or the
-- baseline that beats it.
with active_model as (

    select * from {{ ref('int_active_spend_model') }}

),

customers as (

    select * from {{ ref('int_spend_samples') }}
    where
        prediction_run = 'live'
        and role = 'predict'

),

features as (

    select * from {{ ref('int_sample_features') }}

),

baselines as (

    {{ spend_baselines('customers', 'features') | indent(4) }}

),

single_predictions as (

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
    from baselines

),

combined_predictions as (

    {{ combined_amounts('single_predictions') | indent(4) }}

),

predictions as (

    select * from single_predictions

    union all

    select
        'combination' as model,
        sample_number,
        amount
    from combined_predictions

)

-- The past rate replaces an active model without a prediction for a customer.
select
    customers.customer_id,
    coalesce(predictions.model, 'past rate') as model,
    cast(coalesce(predictions.amount, past_rates.amount) as decimal(18, 2)) as expected_spend,
    customers.origin_date as as_of_date
from customers
inner join baselines as past_rates
    on
        customers.sample_number = past_rates.sample_number
        and past_rates.model = 'past rate'
cross join active_model
left join predictions
    on
        customers.sample_number = predictions.sample_number
        and active_model.model = predictions.model
