-- Which frames a model is trained on, tuned by and judged by, for each task and day from which is foretold: what is trained on
-- was complete by that day.
with origins as (

    select * from {{ ref('int_origins') }}

),

frames as (

    select * from {{ ref('int_samples') }}

),

interested as (

    select distinct sample_number from {{ ref('int_sample_interests') }}

),

spend as (

    select
        origins.prediction_run,
        'spend' as task,
        origins.horizon_days,
        origins.origin_date,
        frames.sample_number,
        case
            when frames.label_until <= origins.origin_date then 'train'
            when origins.prediction_run = 'live' then 'predict'
            else 'test'
        end as role
    from origins
    inner join frames
        on
            origins.task = 'forecast'
            and origins.prediction_run = frames.prediction_run
            and frames.sample_kind = 'known'
            and (origins.origin_date >= frames.label_until or origins.origin_date = frames.origin_date)

),

-- What nobody bought has no interest to tell; the newest frames that are complete tune the probabilities of the others.
interest_frames as (

    select
        origins.prediction_run,
        origins.horizon_days,
        origins.origin_date,
        frames.sample_number,
        frames.origin_date as frame_origin_date,
        origins.origin_date >= frames.label_until as is_complete,
        max(frames.origin_date) filter (where origins.origin_date >= frames.label_until) over (
            partition by origins.prediction_run, origins.origin_date
        ) as last_complete_date,
        min(frames.origin_date) filter (where origins.origin_date >= frames.label_until) over (
            partition by origins.prediction_run, origins.origin_date
        ) as first_complete_date
    from origins
    inner join frames
        on
            origins.task = 'forecast'
            and origins.prediction_run = frames.prediction_run
            and frames.sample_kind in ('known', 'newcomer')
            and (origins.origin_date >= frames.label_until or origins.origin_date = frames.origin_date)
    left join interested
        on frames.sample_number = interested.sample_number
    where
        interested.sample_number is not null
        -- Today the newcomers of the last half year are foretold.
        or (
            origins.prediction_run = 'live'
            and frames.origin_date = origins.origin_date
            and frames.first_order_date > origins.origin_date - 180
        )

),

interest as (

    select
        prediction_run,
        'interest' as task,
        horizon_days,
        origin_date,
        sample_number,
        case
            when is_complete and frame_origin_date = last_complete_date and first_complete_date < last_complete_date
                then 'validation'
            when is_complete then 'train'
            when prediction_run = 'live' then 'predict'
            else 'test'
        end as role
    from interest_frames

),

segment_frames as (

    select
        origins.prediction_run,
        origins.horizon_days,
        origins.origin_date,
        frames.sample_number,
        frames.first_order_date,
        frames.moment,
        origins.origin_date >= frames.label_until as is_complete
    from origins
    inner join frames
        on
            origins.task = 'segment'
            and origins.prediction_run = frames.prediction_run
            and origins.horizon_days = frames.horizon_days
            and frames.sample_kind = 'cohort'
            and (
                origins.origin_date >= frames.label_until
                or frames.moment = 'today'
                or frames.first_order_date
                between origins.origin_date + 1 and origins.origin_date + cast(origins.cohort_days as integer)
            )

),

-- The newer three tenths of the newcomers tune the probabilities that are learned from the older ones.
newest as (

    select
        prediction_run,
        horizon_days,
        origin_date,
        quantile_disc(first_order_date, 0.7) as validated_after
    from segment_frames
    where is_complete and moment = 'order 1'
    group by 1, 2, 3

),

segment as (

    select
        segment_frames.prediction_run,
        'segment' as task,
        segment_frames.horizon_days,
        segment_frames.origin_date,
        segment_frames.sample_number,
        case
            when segment_frames.is_complete and segment_frames.first_order_date > newest.validated_after then 'validation'
            when segment_frames.is_complete then 'train'
            when segment_frames.prediction_run = 'live' then 'predict'
            else 'test'
        end as role
    from segment_frames
    left join newest
        on
            segment_frames.prediction_run = newest.prediction_run
            and segment_frames.horizon_days = newest.horizon_days
            and segment_frames.origin_date = newest.origin_date

),

together as (

    select * from spend

    union all

    select * from interest

    union all

    select * from segment

)

select
    prediction_run,
    task,
    cast(horizon_days as integer) as horizon_days,
    origin_date,
    sample_number,
    role
from together
