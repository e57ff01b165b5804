-- The samples of each classification task, with the class observed. The samples of newcomers serve
-- three tasks, one a segmentation.
with splits as (

    select * from {{ ref('int_sample_splits') }}

),

samples as (

    select * from {{ ref('int_samples') }}

),

customer_features as (

    select * from {{ ref('int_point_in_time_features') }}

),

labels as (

    select * from {{ ref('int_sample_labels') }}

),

segmentations as (

    select unnest(['rfm', 'broad', 'detailed']) as segmentation

),

tasks as (

    select
        splits.prediction_run,
        coalesce(segmentations.segmentation, splits.task) as task,
        splits.horizon_days,
        splits.origin_date,
        splits.sample_number,
        splits.role
    from splits
    left join segmentations
        on splits.task = 'segment'

),

-- Baselines group newcomers only by their number of orders, or by months since the first one.
cohorts as (

    select
        samples.sample_number,
        samples.customer_id,
        samples.sample_kind,
        samples.cutoff_event,
        case
            when samples.cutoff_event <> 'today' then samples.cutoff_event
            when customer_features.tenure_days >= 30
                then concat('day ', least(customer_features.tenure_days // 30, 5) * 30)
            else concat('order ', least(customer_features.orders_placed, 3))
        end as cohort
    from samples
    inner join customer_features
        on
            samples.customer_id = customer_features.customer_id
            and samples.cutoff_date = customer_features.as_of_date

)

select
    tasks.prediction_run,
    tasks.task,
    tasks.role,
    case when tasks.task = 'interest' then cohorts.sample_kind else cohorts.cohort end as cohort,
    cohorts.cutoff_event,
    cohorts.customer_id,
    labels.outcome,
    tasks.sample_number,
    tasks.horizon_days,
    tasks.origin_date
from tasks
inner join cohorts
    on tasks.sample_number = cohorts.sample_number
left join labels
    on
        tasks.task = labels.task
        and tasks.sample_number = labels.sample_number
where
    -- A sample without a label teaches nothing.
    tasks.role = 'predict'
    or labels.outcome is not null
