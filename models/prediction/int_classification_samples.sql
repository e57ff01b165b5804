{{ config(materialized='view') }}

select
    tasks.prediction_run,
    tasks.task,
    tasks.customer_id,
    tasks.role,
    tasks.outcome,
    tasks.horizon_days,
    features.*,
    tasks.origin_date
from {{ ref('int_classification_tasks') }} as tasks
inner join {{ ref('int_sample_features') }} as features
    on tasks.sample_number = features.sample_number
where
    -- What nobody can judge teaches nothing.
    tasks.outcome is not null
    or tasks.role = 'predict'
