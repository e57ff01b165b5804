{{ config(materialized='view') }}

select
    roles.study,
    frames.customer_id,
    roles.role,
    cast(amounts.amount as double) as amount,
    features.*,
    roles.origin_date
from {{ ref('int_frame_roles') }} as roles
inner join {{ ref('int_frames') }} as frames
    on roles.frame_number = frames.frame_number
inner join {{ ref('int_frame_features') }} as features
    on roles.frame_number = features.frame_number
left join {{ ref('int_frame_amounts') }} as amounts
    on roles.frame_number = amounts.frame_number
where roles.task = 'spend'
