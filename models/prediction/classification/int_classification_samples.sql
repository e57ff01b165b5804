-- The samples of each classification task: which a classifier trains on, is calibrated on, is
-- evaluated on or predicts from each origin, with the class observed. Training and validation
-- samples are complete by the origin. The samples of newcomers serve three tasks, one a
-- segmentation.
with origins as (

    select * from {{ ref('int_prediction_origins') }}

),

samples as (

    select * from {{ ref('int_samples') }}

),

sample_interests as (

    select * from {{ ref('int_sample_interests') }}

),

samples_with_interest as (

    select distinct sample_number
    from sample_interests

),

interest_candidates as (

    select
        origins.prediction_run,
        origins.horizon_days,
        origins.origin_date,
        samples.sample_number,
        samples.origin_date as sample_date,
        samples.first_order_date,
        origins.origin_date >= samples.label_end_date as is_complete,
        samples_with_interest.sample_number is not null as has_interest
    from origins
    inner join samples
        on
            origins.task = 'forecast'
            and origins.prediction_run = samples.prediction_run
            and samples.sample_kind in ('known', 'newcomer')
            and (
                origins.origin_date >= samples.label_end_date
                or origins.origin_date = samples.origin_date
            )
    left join samples_with_interest
        on samples.sample_number = samples_with_interest.sample_number

),

-- A customer who bought nothing has no interest to learn from or to evaluate on.
interest_samples as (

    select
        *,
        min(sample_date) filter (where is_complete) over (
            partition by prediction_run, origin_date
        ) as first_complete_date,
        max(sample_date) filter (where is_complete) over (
            partition by prediction_run, origin_date
        ) as last_complete_date
    from interest_candidates
    where
        has_interest
        -- Today the newcomers of the last half year get a prediction.
        or (
            prediction_run = 'live'
            and sample_date = origin_date
            and first_order_date > origin_date - 180
        )

),

-- The newest complete samples calibrate the probabilities that the older ones train.
interest_splits as (

    select
        prediction_run,
        'interest' as task,
        horizon_days,
        origin_date,
        sample_number,
        case
            when
                is_complete
                and sample_date = last_complete_date
                and first_complete_date < last_complete_date
                then 'validation'
            when is_complete then 'train'
            when prediction_run = 'live' then 'predict'
            else 'test'
        end as role
    from interest_samples

),

segment_samples as (

    select
        origins.prediction_run,
        origins.horizon_days,
        origins.origin_date,
        samples.sample_number,
        samples.first_order_date,
        samples.cutoff_event,
        origins.origin_date >= samples.label_end_date as is_complete
    from origins
    inner join samples
        on
            origins.task = 'segment'
            and origins.prediction_run = samples.prediction_run
            and origins.horizon_days = samples.horizon_days
            and samples.sample_kind = 'cohort'
            and (
                origins.origin_date >= samples.label_end_date
                or samples.cutoff_event = 'today'
                or samples.first_order_date
                between origins.origin_date + 1
                and origins.origin_date + cast(origins.cohort_days as integer)
            )

),

-- The newer three tenths of the newcomers calibrate the probabilities that the older ones train.
validation_starts as (

    select
        prediction_run,
        horizon_days,
        origin_date,
        quantile_disc(first_order_date, 0.7) as validation_after
    from segment_samples
    where
        is_complete
        and cutoff_event = 'order 1'
    group by 1, 2, 3

),

segment_splits as (

    select
        segment_samples.prediction_run,
        'segment' as task,
        segment_samples.horizon_days,
        segment_samples.origin_date,
        segment_samples.sample_number,
        case
            when
                segment_samples.is_complete
                and segment_samples.first_order_date > validation_starts.validation_after
                then 'validation'
            when segment_samples.is_complete then 'train'
            when segment_samples.prediction_run = 'live' then 'predict'
            else 'test'
        end as role
    from segment_samples
    left join validation_starts
        on
            segment_samples.prediction_run = validation_starts.prediction_run
            and segment_samples.horizon_days = validation_starts.horizon_days
            and segment_samples.origin_date = validation_starts.origin_date

),

splits as (

    select * from interest_splits

    union all

    select * from segment_splits

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
        cast(splits.horizon_days as integer) as horizon_days,
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
        customer_features.tenure_days < 60 as is_recent,
        cast(ceil((samples.label_end_date - samples.cutoff_date) / 30) * 30 as integer)
            as days_ahead,
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
    -- Little is known of customers in their first 60 days: they don't lend their confidence to
    -- others, nor others theirs to them.
    concat(
        case when tasks.task = 'interest' then 'customers' else cohorts.cohort end,
        case when cohorts.is_recent then ', known under 60 days' else ', known for longer' end
    ) as confidence_group,
    -- How often a model is right hangs on how far ahead it predicts: 30 days before day 90 as well
    -- as 30 days before day 180.
    case
        when tasks.task <> 'interest' then concat(cohorts.days_ahead, ' days ahead')
        when cohorts.is_recent then 'known under 60 days'
        else 'known for longer'
    end as evidence_group,
    cohorts.cutoff_event,
    cohorts.customer_id,
    labels.outcome,
    labels.segment_at_cutoff,
    labels.segment_without_order,
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
