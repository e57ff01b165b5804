-- Where newcomers were at the end of the time that they were followed.
with frames as (

    select frames.*
    from {{ ref('int_samples') }} as frames
    inner join {{ ref('int_prediction_runs') }} as prediction_runs
        on
            frames.prediction_run = prediction_runs.prediction_run
            and frames.label_until <= prediction_runs.last_date
    where frames.sample_kind = 'cohort'

),

segmentations as (

    select unnest(['rfm', 'broad', 'detailed']) as segmentation

),

ends as (

    select distinct
        frames.prediction_run,
        facts.customer_id,
        facts.as_of_date,
        facts.recency_days,
        facts.frequency,
        facts.monetary
    from frames
    inner join {{ ref('int_point_in_time_features') }} as facts
        on
            frames.customer_id = facts.customer_id
            and frames.label_until = facts.as_of_date

),

segments as (

    select
        ends.prediction_run,
        ends.customer_id,
        ends.as_of_date,
        definitions.segmentation,
        definitions.segment
    from ends
    inner join {{ ref('int_segment_definitions') }} as definitions
        on
            ends.prediction_run = definitions.prediction_run
            and {{ in_bounds('ends', 'definitions') | indent(12) }}
    where ends.frequency > 0

    union all

    select
        ends.prediction_run,
        ends.customer_id,
        ends.as_of_date,
        segmentations.segmentation,
        'all cancelled' as segment
    from ends
    cross join segmentations
    where ends.frequency = 0

)

select
    frames.sample_number,
    segments.segmentation,
    segments.segment
from frames
inner join segments
    on
        frames.prediction_run = segments.prediction_run
        and frames.customer_id = segments.customer_id
        and frames.label_until = segments.as_of_date
