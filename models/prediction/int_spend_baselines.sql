-- Naive forecasts of spend, and a ranking of customers by their spend to date.
with samples as (

    select * from {{ ref('int_spend_samples') }}
    where role in ('test', 'predict')

),

features as (

    select * from {{ ref('int_sample_features') }}

)

select
    samples.prediction_run,
    unnest(['zero', 'past rate', 'last 90 days', 'ranked by spend to date']) as model,
    samples.sample_number,
    unnest(
        [
            0,
            -- One day of history makes no rate: a customer counts as known for a horizon at least.
            greatest(features.monetary, 0) * features.days_to_go
            / greatest(features.tenure_days, features.days_to_go),
            greatest(features.monetary_90_days, 0),
            features.monetary
        ]
    ) as amount,
    samples.origin_date
from samples
inner join features
    on samples.sample_number = features.sample_number
