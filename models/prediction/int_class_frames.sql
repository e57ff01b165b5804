{{ config(materialized='view') }}

select
    tasks.study,
    tasks.task,
    tasks.customer_id,
    tasks.role,
    tasks.outcome,
    tasks.horizon_days,
    features.*,
    tasks.origin_date
from {{ ref('int_class_tasks') }} as tasks
inner join {{ ref('int_frame_features') }} as features
    on tasks.frame_number = features.frame_number
where
    -- What nobody can judge teaches nothing.
    tasks.outcome is not null
    or tasks.role = 'predict'
