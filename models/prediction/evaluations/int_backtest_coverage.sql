-- How often each task could be evaluated, and why not more often.
with pending_backtests as (

    select * from {{ ref('model_versions') }}
    where is_backtest_pending

),

orders as (

    select * from {{ ref('int_orders') }}

),

origins as (

    select * from {{ ref('int_prediction_origins') }}
    where prediction_run = 'backtest'

),

spend_samples as (

    select * from {{ ref('int_spend_samples') }}
    where prediction_run = 'backtest'

),

classification_samples as (

    select * from {{ ref('int_classification_samples') }}
    where prediction_run = 'backtest'

),

products_by_category as (

    select * from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'

),

history_starts as (

    select
        pending_backtests.model_version,
        pending_backtests.baseline_date,
        min(orders.order_date) as history_from
    from pending_backtests
    inner join orders
        on pending_backtests.baseline_date >= orders.order_date
    group by 1, 2

),

history as (

    select
        model_version,
        cast(baseline_date - history_from as integer) as day_count
    from history_starts

),

tasks as (

    select
        unnest(['spend', 'interest', 'broad', 'detailed', 'rfm']) as task,
        unnest(['forecast', 'forecast', 'segment', 'segment', 'segment']) as origin_task,
        unnest([90, 90, 180, 180, 180]) as horizon_days

),

origin_counts as (

    select
        task as origin_task,
        horizon_days,
        count(*) as origin_count,
        count(*) filter (where is_same_season) as same_season_count,
        bool_or(is_shortened) as is_shortened,
        min(cohort_days) as cohort_days
    from origins
    group by 1, 2

),

sample_counts as (

    select
        'spend' as task,
        90 as horizon_days,
        count(*) filter (where role = 'train') as training_count,
        count(*) filter (where role = 'test') as test_count,
        -- An amount is no class.
        2 as class_count
    from spend_samples

    union all

    select
        task,
        horizon_days,
        count(outcome) filter (where role in ('train', 'validation')) as training_count,
        count(outcome) filter (where role = 'test') as test_count,
        count(distinct outcome) filter (where role in ('train', 'validation')) as class_count
    from classification_samples
    group by 1, 2

),

categories as (

    select count(distinct category_id) as category_count
    from products_by_category

)

select
    tasks.task,
    history.model_version,
    tasks.horizon_days,
    case
        when tasks.task = 'interest' and categories.category_count = 0
            then 'no product categories: see failure_reason in product_categories'
        when origin_counts.origin_count is null
            then format(
                concat(
                    '{} days of history; training on {} days, ',
                    'evaluating on {} and a month before take {}'
                ),
                history.day_count,
                tasks.horizon_days,
                tasks.horizon_days,
                case
                    when tasks.origin_task = 'forecast' then 2 * tasks.horizon_days + 30
                    else 2 * tasks.horizon_days + 2
                end
            )
        when coalesce(sample_counts.training_count, 0) = 0
            then concat(
                'nobody to learn from: no customer was observed for long enough, ',
                'or none ordered again'
            )
        when coalesce(sample_counts.test_count, 0) = 0
            then concat(
                'nobody to evaluate on: no customer was new, or none ordered again, ',
                'after the origins'
            )
        when sample_counts.class_count = 1 then 'one class only: there is nothing to distinguish'
        when origin_counts.is_shortened
            then format(
                concat(
                    'one origin, newcomers of {} days, as {} days of history hold no more; ',
                    '{} days ahead are evaluated too'
                ),
                origin_counts.cohort_days,
                history.day_count,
                tasks.horizon_days // 2
            )
        when origin_counts.same_season_count > 0
            then format(
                '{} of {} origins, and one in the same season a year before',
                origin_counts.origin_count - origin_counts.same_season_count,
                {{ var('backtest_origins') }}
            )
        when origin_counts.origin_count < {{ var('backtest_origins') }}
            then format(
                '{} of {} origins, as {} days of history hold no more',
                origin_counts.origin_count,
                {{ var('backtest_origins') }},
                history.day_count
            )
        else format('{} of {} origins', origin_counts.origin_count, {{ var('backtest_origins') }})
    end as reason,
    coalesce(origin_counts.origin_count, 0) as origin_count,
    coalesce(sample_counts.training_count, 0) as training_count,
    coalesce(sample_counts.test_count, 0) as test_count
from tasks
cross join history
cross join categories
left join origin_counts
    on
        tasks.origin_task = origin_counts.origin_task
        and tasks.horizon_days = origin_counts.horizon_days
left join sample_counts
    on
        tasks.task = sample_counts.task
        and tasks.horizon_days = sample_counts.horizon_days
