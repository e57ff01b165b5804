with active_version as (

    select * from {{ ref('model_versions') }}
    where is_active

),

rule_evaluations as (

    select
        evaluations.*,
        active_version.first_order_date,
        active_version.baseline_date
    from {{ ref('rule_cross_validation') }} as evaluations
    inner join active_version
        on evaluations.model_version = active_version.model_version

),

prediction_evaluations as (

    -- Intervals by tenths serve the forecast: they are no evaluation.
    select evaluations.*
    from {{ ref('spend_evaluations') }} as evaluations
    inner join active_version
        on evaluations.model_version = active_version.model_version
    where evaluations.metric not in ('interval_low_ratio', 'interval_high_ratio')

    union all

    select evaluations.*
    from {{ ref('classification_evaluations') }} as evaluations
    inner join active_version
        on evaluations.model_version = active_version.model_version

),

active_models as (

    select * from {{ ref('int_active_spend_model') }}

    union all

    select * from {{ ref('int_active_classification_models') }}

),

-- What all customers are expected to spend, and between which amounts nine quarters of ten lie.
expected_totals as (

    select
        basis,
        season,
        cast(sum(expected_spend) as double) as expected_total,
        cast(sum(expected_spend) as double) * any_value(total_low_factor) as expected_total_low,
        cast(sum(expected_spend) as double) * any_value(total_high_factor) as expected_total_high,
        count(*) as customer_count,
        as_of_date
    from {{ ref('int_expected_spend') }}
    group by basis, season, as_of_date

),

expected_figures as (

    select * from expected_totals
    unpivot (value for metric in (expected_total, expected_total_low, expected_total_high))

),

history_evaluations as (

    -- Shares by score serve the alerts: they are no evaluation.
    select * from {{ ref('int_history_evaluations') }}
    where score_from is null

),

folds as (

    select
        segmentation,
        model,
        settings,
        concat('fold ', fold) as split,
        metric,
        value,
        sample_size,
        is_baseline,
        first_order_date,
        baseline_date
    from rule_evaluations

),

-- Each customer is held out once: folds weigh by their customers.
all_folds as (

    select
        segmentation,
        model,
        settings,
        concat('cross-validation in ', count(*), ' folds') as split,
        metric,
        round(sum(round(value * sample_size)), 0) / sum(sample_size) as value,
        sum(sample_size) as sample_size,
        is_baseline,
        first_order_date,
        baseline_date
    from rule_evaluations
    group by all
    having count(*) > 1

),

in_sample_evaluations as (

    select * from folds

    union all

    select * from all_folds

)

select
    concat('reproduce ', segmentation, ' clusters (in-sample)') as task,
    model,
    settings,
    split,
    metric,
    concat(
        'in-sample: re-learns the borders that a clustering drew from the same three features; ',
        'predicts nothing'
    ) as note,
    cast(null as varchar) as evidence,
    value,
    cast(sample_size as bigint) as sample_size,
    is_baseline,
    true as is_in_sample,
    first_order_date as train_from,
    baseline_date as train_to,
    first_order_date as test_from,
    baseline_date as test_to
from in_sample_evaluations

union all

select
    {{ prediction_task('task', 'horizon_days') }} as task,
    model,
    settings,
    split,
    metric,
    coalesce(note, 'out of time: predicted from past dates, evaluated on what followed') as note,
    cast(null as varchar) as evidence,
    value,
    sample_size,
    is_baseline,
    false as is_in_sample,
    train_from,
    train_to,
    test_from,
    test_to
from prediction_evaluations

union all

-- Which model is active in each task, and why.
select
    {{ prediction_task('task', 'horizon_days') }} as task,
    model,
    'active' as settings,
    'today' as split,
    metric,
    reason as note,
    evidence,
    value,
    cast(coalesce(sample_size, 0) as bigint) as sample_size,
    is_baseline,
    false as is_in_sample,
    cast(null as date) as train_from,
    cast(null as date) as train_to,
    cast(null as date) as test_from,
    cast(null as date) as test_to
from active_models

union all

select
    'forecast 90-day spend' as task,
    'shop total' as model,
    basis as settings,
    'next 90 days' as split,
    metric,
    season as note,
    cast(null as varchar) as evidence,
    value,
    customer_count as sample_size,
    false as is_baseline,
    false as is_in_sample,
    cast(null as date) as train_from,
    as_of_date as train_to,
    as_of_date + 1 as test_from,
    as_of_date + 90 as test_to
from expected_figures

union all

-- How well rules for `customer_alerts` would have done, and which of them is in use; and whether
-- moves keep to the order of segments.
select
    task,
    model,
    case
        when task = 'keep to the order of segments' then 'value order of the seeds'
        when split = 'rule in use' then 'active'
        when model like 'typical gap%' then 'quantile {{ var('overdue_quantile') }}'
        else 'fixed'
    end as settings,
    split,
    metric,
    case
        when note is not null then note
        when metric = 'warnings_per_1000_customers_a_week'
            then 'of all customers in the four weeks after each month end, nobody made to stop'
        when split = 'changes injected at month ends'
            then concat(
                'half of those who went on ordering were made to stop at a month end; ',
                'fewer do in truth, and precision is lower then'
            )
        else concat(
            'found of who stopped, less alerted of the others: by how much more than ',
            '"{{ default_alert_model() }}", lower end of a one-sided 95 % interval'
        )
    end as note,
    cast(null as varchar) as evidence,
    value,
    sample_size,
    is_baseline,
    false as is_in_sample,
    cast(null as date) as train_from,
    cast(null as date) as train_to,
    first_date as test_from,
    last_date as test_to
from history_evaluations
