with evaluations as (

    select
        evaluations.*,
        versions.first_order_date,
        versions.baseline_date
    from {{ ref('rule_cross_validation') }} as evaluations
    inner join {{ ref('model_versions') }} as versions
        on
            evaluations.model_version = versions.model_version
            and versions.is_active

),

folds as (

    select
        concat('reproduce ', segmentation, ' clusters (in-sample)') as task,
        model,
        settings,
        concat('fold ', fold) as split,
        metric,
        value,
        sample_size,
        is_baseline,
        first_order_date,
        baseline_date
    from evaluations

),

-- Each customer is held out once: folds weigh by their customers.
whole as (

    select
        concat('reproduce ', segmentation, ' clusters (in-sample)') as task,
        model,
        settings,
        concat('cross-validation in ', count(*), ' folds') as split,
        metric,
        round(sum(round(value * sample_size)), 0) / sum(sample_size) as value,
        sum(sample_size) as sample_size,
        is_baseline,
        first_order_date,
        baseline_date
    from evaluations
    group by all
    having count(*) > 1

),

together as (

    select * from folds

    union all

    select * from whole

)

select
    task,
    model,
    settings,
    split,
    metric,
    'in-sample: re-learns borders that a clustering drew from the same three features; foretells nothing' as note,
    value,
    cast(sample_size as bigint) as sample_size,
    is_baseline,
    true as is_in_sample,
    first_order_date as train_from,
    baseline_date as train_to,
    first_order_date as test_from,
    baseline_date as test_to
from together

union all

select
    {{ prediction_task('predictions.task', 'predictions.horizon_days') }} as task,
    predictions.model,
    predictions.settings,
    predictions.split,
    predictions.metric,
    coalesce(predictions.note, 'out of time: foretold from days of the past, judged by what came after') as note,
    predictions.value,
    predictions.sample_size,
    predictions.is_baseline,
    predictions.task = 'public protocol' as is_in_sample,
    predictions.train_from,
    predictions.train_to,
    predictions.test_from,
    predictions.test_to
from {{ ref('prediction_evaluation_versions') }} as predictions
inner join {{ ref('int_active_version') }} as version_in_use
    on predictions.model_version = version_in_use.model_version

union all

-- Which model each task uses, and why.
select
    {{ prediction_task('in_use.task', 'in_use.horizon_days') }} as task,
    in_use.model,
    'in use' as settings,
    'today' as split,
    in_use.metric,
    in_use.reason as note,
    coalesce(in_use.horizon_value, case when in_use.is_baseline then in_use.naive_value else in_use.learned_value end) as value,
    cast(coalesce(in_use.sample_size, 0) as bigint) as sample_size,
    in_use.is_baseline,
    false as is_in_sample,
    cast(null as date) as train_from,
    cast(null as date) as train_to,
    cast(null as date) as test_from,
    cast(null as date) as test_to
from {{ ref('int_active_models') }} as in_use

union all

-- How the watch (`customer_alerts`) would have done.
select
    'flag customers who stop ordering' as task,
    alerts.model,
    case when alerts.is_baseline then 'fixed' else 'quantile {{ var('overdue_quantile') }}' end as settings,
    'changes injected at month ends' as split,
    alerts.metric,
    case alerts.metric
        when 'warnings_per_1000_customers_a_week'
            then 'of all customers in the four weeks after each month end, nobody made to stop'
        else 'half of those who went on ordering were made to stop at a month end; fewer do in truth, and precision is lower then'
    end as note,
    alerts.value,
    alerts.sample_size,
    alerts.is_baseline,
    false as is_in_sample,
    cast(null as date) as train_from,
    cast(null as date) as train_to,
    alerts.first_date as test_from,
    alerts.last_date as test_to
from {{ ref('int_alert_evaluations') }} as alerts
