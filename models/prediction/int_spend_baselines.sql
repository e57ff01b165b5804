-- Naive guesses of what customers will spend, and their order by money so far.
with roles as (

    select * from {{ ref('int_sample_splits') }}
    where
        task = 'spend'
        and role in ('test', 'predict')

)

select
    roles.prediction_run,
    unnest(['zero', 'past rate', 'last 90 days', 'ranked by money so far']) as model,
    roles.sample_number,
    unnest(
        [
            0,
            -- A first order of today is no daily rate: as if a customer were known for as long as is foretold.
            greatest(features.monetary, 0) * features.days_to_go / greatest(features.tenure_days, features.days_to_go),
            greatest(features.monetary_90_days, 0),
            features.monetary
        ]
    ) as amount,
    roles.origin_date
from roles
inner join {{ ref('int_sample_features') }} as features
    on roles.sample_number = features.sample_number
