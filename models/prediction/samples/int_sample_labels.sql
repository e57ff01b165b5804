-- The class observed of each sample, one a task: the category of most spend, or the segment that a
-- newcomer was in at the end of the horizon. Beside the latter, from what was known at the cutoff
-- date alone: the segment on that date, and the one that the newcomer ends in without another
-- order. Both are naive predictions.
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
        monetary,
        country
    from customer_features
    where is_fitted is not null

),

-- The backtest fits its own cut-points and rules on what was known at its earliest origin. Version
-- 0 stands for them.
backtest_cut_points as (

    with {{ fit_cut_points('backtest_population') | indent(4) }}

    select
        score_group,
        measure,
        cut_number,
        cut_point
    from cut_points

),

all_cut_points as (

    select
        0 as model_version,
        score_group,
        measure,
        cut_number,
        cast(cut_point as decimal(18, 2)) as cut_point
    from backtest_cut_points

    union all

    select
        model_version,
        score_group,
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

versioned_samples as (

    select
        samples.sample_number,
        samples.customer_id,
        samples.cutoff_date,
        samples.label_end_date,
        samples.label_end_date <= prediction_runs.last_date as is_observed,
        case
            when prediction_runs.prediction_run = 'backtest' then 0
            else prediction_runs.model_version
        end as model_version
    from samples
    inner join prediction_runs
        on samples.prediction_run = prediction_runs.prediction_run

),

moments_of_cutoff as (

    select unnest(['cutoff', 'no further order']) as moment

),

-- What segments are assigned by, at three moments of each sample.
sample_facts as (

    select
        'horizon end' as moment,
        versioned_samples.sample_number,
        versioned_samples.customer_id,
        versioned_samples.model_version,
        customer_features.country,
        customer_features.recency_days,
        customer_features.frequency,
        customer_features.monetary
    from versioned_samples
    inner join customer_features
        on
            versioned_samples.customer_id = customer_features.customer_id
            and versioned_samples.label_end_date = customer_features.as_of_date
    where versioned_samples.is_observed

    union all

    select
        moments_of_cutoff.moment,
        versioned_samples.sample_number,
        versioned_samples.customer_id,
        versioned_samples.model_version,
        customer_features.country,
        customer_features.recency_days + case
            when moments_of_cutoff.moment = 'cutoff' then 0
            else cast(versioned_samples.label_end_date - versioned_samples.cutoff_date as integer)
        end as recency_days,
        customer_features.frequency,
        customer_features.monetary
    from versioned_samples
    inner join customer_features
        on
            versioned_samples.customer_id = customer_features.customer_id
            and versioned_samples.cutoff_date = customer_features.as_of_date
    cross join moments_of_cutoff

),

{{ assign_segments('sample_facts', 'all_cut_points', 'all_rules') }},

segments as (

    select
        sample_number,
        moment,
        unnest(['rfm', 'broad', 'detailed']) as segmentation,
        unnest([rfm_segment, broad_segment, detailed_segment]) as segment
    from segmented

)

select
    'interest' as task,
    cast(category_id as varchar) as outcome,
    cast(null as varchar) as segment_at_cutoff,
    cast(null as varchar) as segment_without_order,
    sample_number
from sample_interests
where interest_rank = 1

union all

select
    segmentation as task,
    max(segment) filter (where moment = 'horizon end') as outcome,
    max(segment) filter (where moment = 'cutoff') as segment_at_cutoff,
    max(segment) filter (where moment = 'no further order') as segment_without_order,
    sample_number
from segments
where segment is not null
group by 1, 5
