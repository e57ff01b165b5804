-- The class observed of each sample, one a task: the category of most spend, or where a newcomer
-- was at the end of the horizon.
with samples as (

    select * from {{ ref('int_samples') }}
    where sample_kind = 'cohort'

),

prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}

),

customer_features as (

    select * from {{ ref('int_point_in_time_features') }}

),

definitions as (

    select * from {{ ref('int_segment_definitions') }}

),

sample_interests as (

    select * from {{ ref('int_sample_interests') }}

),

observed_samples as (

    select samples.*
    from samples
    inner join prediction_runs
        on
            samples.prediction_run = prediction_runs.prediction_run
            and samples.label_end_date <= prediction_runs.last_date

),

-- Several samples of a newcomer end on the same date.
ends as (

    select distinct
        observed_samples.prediction_run,
        customer_features.customer_id,
        customer_features.as_of_date,
        customer_features.recency_days,
        customer_features.frequency,
        customer_features.monetary
    from observed_samples
    inner join customer_features
        on
            observed_samples.customer_id = customer_features.customer_id
            and observed_samples.label_end_date = customer_features.as_of_date

),

segmentations as (

    select unnest(['rfm', 'broad', 'detailed']) as segmentation

),

segments as (

    select
        ends.prediction_run,
        ends.customer_id,
        ends.as_of_date,
        definitions.segmentation,
        definitions.segment
    from ends
    inner join definitions
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
    'interest' as task,
    cast(category as varchar) as outcome,
    sample_number
from sample_interests
where interest_rank = 1

union all

select
    segments.segmentation as task,
    segments.segment as outcome,
    observed_samples.sample_number
from observed_samples
inner join segments
    on
        observed_samples.prediction_run = segments.prediction_run
        and observed_samples.customer_id = segments.customer_id
        and observed_samples.label_end_date = segments.as_of_date
