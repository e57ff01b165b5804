-- What each customer of today is expected to spend in the next 90 days: the shop's total where the
-- season is known, shared out by the active model or the baseline that beats it.
with active_model as (

    select * from {{ ref('int_active_spend_model') }}

),

evaluations as (

    select evaluations.*
    from {{ ref('spend_evaluations') }} as evaluations
    inner join {{ ref('model_versions') }} as versions
        on
            evaluations.model_version = versions.model_version
            and versions.is_active

),

totals as (

    select * from {{ ref('int_spend_totals') }}

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

shared_out as (

    {{ shared_out_amounts('single_predictions', 'customers', 'totals') | indent(4) }}

),

combined_predictions as (

    {{ combined_amounts('shared_out') | indent(4) }}

),

predictions as (

    select
        model,
        sample_number,
        shared_amount as amount
    from shared_out

    union all

    select
        'combination' as model,
        sample_number,
        amount
    from combined_predictions

),

-- The past rate replaces an active model without a prediction for a customer.
expected as (

    select
        customers.customer_id,
        customers.prediction_run,
        coalesce(predictions.model, 'past rate') as model,
        cast(coalesce(predictions.amount, past_rates.amount) as decimal(18, 2)) as expected_spend,
        customers.origin_date as as_of_date
    from customers
    inner join predictions as past_rates
        on
            customers.sample_number = past_rates.sample_number
            and past_rates.model = 'past rate'
    cross join active_model
    left join predictions
        on
            customers.sample_number = predictions.sample_number
            and active_model.model = predictions.model

),

tenths as (

    select
        *,
        concat(
            'tenth ',
            ntile(10) over (
                order by expected_spend asc, md5(customer_id) asc, customer_id asc
            )
        ) as tenth
    from expected

),

-- How far off the backtest was for customers of the same tenth. Without one, anything from nothing
-- to eight times as much, which is as wide as tenths of small customers were on a shop of a year.
interval_ratios as (

    select
        model,
        settings as tenth,
        max(value) filter (where metric = 'interval_low_ratio') as low_ratio,
        max(value) filter (where metric = 'interval_high_ratio') as high_ratio
    from evaluations
    where metric in ('interval_low_ratio', 'interval_high_ratio')
    group by 1, 2

)

select
    tenths.customer_id,
    tenths.model,
    totals.basis,
    totals.season,
    tenths.expected_spend,
    cast(
        tenths.expected_spend
        * least(1, coalesce(interval_ratios.low_ratio, 0) * totals.low_factor)
        as decimal(18, 2)
    ) as expected_spend_low,
    cast(
        tenths.expected_spend
        * greatest(1, coalesce(interval_ratios.high_ratio, 8) * totals.high_factor)
        as decimal(18, 2)
    ) as expected_spend_high,
    totals.low_factor as total_low_factor,
    totals.high_factor as total_high_factor,
    tenths.as_of_date
from tenths
left join totals
    on
        tenths.prediction_run = totals.prediction_run
        and tenths.as_of_date = totals.origin_date
left join interval_ratios
    on
        tenths.model = interval_ratios.model
        and tenths.tenth = interval_ratios.tenth
