{{ config(materialized='view') }}

select
    roles.prediction_run,
    frames.customer_id,
    roles.role,
    cast(amounts.amount as double) as amount,
    features.*,
    roles.origin_date
from {{ ref('int_sample_splits') }} as roles
inner join {{ ref('int_samples') }} as frames
    on roles.sample_number = frames.sample_number
inner join {{ ref('int_sample_features') }} as features
    on roles.sample_number = features.sample_number
left join {{ ref('int_sample_amounts') }} as amounts
    on roles.sample_number = amounts.sample_number
where roles.task = 'spend'
