-- The frames of each task that tells classes, with what came of them. Frames of newcomers serve three tasks, one a segmentation.
with roles as (

    select * from {{ ref('int_sample_splits') }}
    where task <> 'spend'

),

segmentations as (

    select unnest(['rfm', 'broad', 'detailed']) as segmentation

),

frames as (

    select * from {{ ref('int_samples') }}

),

facts as (

    select * from {{ ref('int_point_in_time_features') }}

),

tasks as (

    select
        roles.prediction_run,
        coalesce(segmentations.segmentation, roles.task) as task,
        roles.horizon_days,
        roles.origin_date,
        roles.sample_number,
        roles.role
    from roles
    left join segmentations
        on roles.task = 'segment'

)

select
    tasks.prediction_run,
    tasks.task,
    tasks.role,
    -- Frames that a naive guess cannot tell apart: newcomers of as many orders, or of as many months.
    case
        when tasks.task = 'interest' then frames.sample_kind
        when frames.moment <> 'today' then frames.moment
        when facts.tenure_days >= 30 then concat('day ', least(facts.tenure_days // 30, 5) * 30)
        else concat('order ', least(facts.orders_placed, 3))
    end as peers,
    frames.moment,
    frames.customer_id,
    outcomes.outcome,
    tasks.sample_number,
    tasks.horizon_days,
    tasks.origin_date
from tasks
inner join frames
    on tasks.sample_number = frames.sample_number
inner join facts
    on
        frames.customer_id = facts.customer_id
        and frames.known_until = facts.as_of_date
left join {{ ref('int_sample_labels') }} as outcomes
    on
        tasks.task = outcomes.task
        and tasks.sample_number = outcomes.sample_number
