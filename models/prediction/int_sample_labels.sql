-- The class observed of each sample, one a task: the category of most spend, or the segment that a
-- newcomer was in at the end of the horizon.
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

sample_interests as (

    select * from {{ ref('int_sample_interests') }}

),

backtest_population as (

    select
        cast(recency_days as decimal(18, 2)) as recency_days,
        cast(frequency as decimal(18, 2)) as frequency,
        monetary
    from customer_features
    where is_fitted is not null

),

-- The backtest fits its own cut-points and rules on what was known at its earliest origin. Version
-- 0 stands for them.
backtest_cut_points as (

    with {{ fit_cut_points('backtest_population') | indent(4) }}

    select
        measure,
        cut_number,
        cut_point
    from cut_points

),

all_cut_points as (

    select
        0 as model_version,
        measure,
        cut_number,
        cast(cut_point as decimal(18, 2)) as cut_point
    from backtest_cut_points

    union all

    select
        model_version,
        measure,
        cut_number,
        cut_point
    from {{ ref('rfm_cut_points') }}

),

all_rules as (

    select
        0 as model_version,
        segmentation,
        segment,
        cast(null as integer) as rule_number,
        cast(recency_min as integer) as recency_min,
        cast(recency_max as integer) as recency_max,
        cast(frequency_min as bigint) as frequency_min,
        cast(frequency_max as bigint) as frequency_max,
        cast(monetary_min as decimal(18, 2)) as monetary_min,
        cast(monetary_max as decimal(18, 2)) as monetary_max,
        cast(null as double) as confidence
    from {{ ref('backtest_rules') }}

    union all

    select
        model_version,
        segmentation,
        segment,
        rule_number,
        recency_min,
        recency_max,
        frequency_min,
        frequency_max,
        monetary_min,
        monetary_max,
        confidence
    from {{ ref('int_segment_rules') }}

),

observed_samples as (

    select
        samples.sample_number,
        samples.customer_id,
        samples.label_end_date,
        case
            when prediction_runs.prediction_run = 'backtest' then 0
            else prediction_runs.model_version
        end as model_version
    from samples
    inner join prediction_runs
        on
            samples.prediction_run = prediction_runs.prediction_run
            and samples.label_end_date <= prediction_runs.last_date

),

-- Several samples of a newcomer end on the same date.
ends as (

    select distinct
        observed_samples.model_version,
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

{{ assign_segments('ends', 'all_cut_points', 'all_rules') }},

segments as (

    select
        model_version,
        customer_id,
        as_of_date,
        unnest(['rfm', 'broad', 'detailed']) as segmentation,
        unnest([rfm_segment, broad_segment, detailed_segment]) as segment
    from segmented

)

select
    'interest' as task,
    cast(category_id as varchar) as outcome,
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
        observed_samples.model_version = segments.model_version
        and observed_samples.customer_id = segments.customer_id
        and observed_samples.label_end_date = segments.as_of_date
where segments.segment is not null
