-- What models and baselines predicted of each customer's spend in the backtest, beside the amount
-- observed. Models share out the total where the season is known; baselines stay naive. Validation
-- samples serve to choose the model.
with samples as (

    select * from {{ ref('int_spend_samples') }}
    where
        prediction_run = 'backtest'
        and role in ('test', 'validation')

),

model_predictions as (

    select * from {{ ref('spend_backtests') }}

),

features as (

    select * from {{ ref('int_sample_features') }}

),

totals as (

    select * from {{ ref('int_spend_totals') }}

),

baselines as (

    {{ spend_baselines('samples', 'features') | indent(4) }}

),

single_predictions as (

    select
        model,
        settings,
        sample_number,
        amount,
        false as is_baseline
    from model_predictions

    union all

    select
        model,
        'no training' as settings,
        sample_number,
        amount,
        true as is_baseline
    from baselines

),

shared_out as (

    {{ shared_out_amounts('single_predictions', 'samples', 'totals') | indent(4) }}

),

combined_predictions as (

    {{ combined_amounts('shared_out') | indent(4) }}

),

predictions as (

    select
        model,
        settings,
        sample_number,
        case when is_baseline then amount else shared_amount end as amount,
        is_baseline
    from shared_out

    union all

    select
        'combination' as model,
        concat('mean of ', members) as settings,
        sample_number,
        amount,
        false as is_baseline
    from combined_predictions

    union all

    -- The most that any ranking of the customers can find.
    select
        'perfect ranking' as model,
        'observed amounts' as settings,
        sample_number,
        cast(amount as double) as amount,
        true as is_baseline
    from samples

)

select
    predictions.model,
    predictions.settings,
    samples.role,
    samples.customer_id,
    predictions.sample_number,
    -- To the penny, as sums of doubles depend on their order.
    cast(predictions.amount as decimal(18, 2)) as predicted,
    samples.amount as observed,
    predictions.is_baseline,
    samples.origin_date
from predictions
inner join samples
    on predictions.sample_number = samples.sample_number
