-- How often each task could be judged, and why not more often.
with history as (

    select
        due.baseline_date as last_date,
        min(orders.order_date) as history_from,
        cast(due.baseline_date - min(orders.order_date) as integer) as history_days
    from {{ ref('int_pending_backtests') }} as due
    inner join {{ ref('int_orders') }} as orders
        on due.baseline_date >= orders.order_date
    group by 1

),

tasks as (

    select
        unnest(['spend', 'interest', 'broad', 'detailed', 'rfm']) as task,
        unnest(['forecast', 'forecast', 'segment', 'segment', 'segment']) as origin_task,
        unnest([90, 90, 180, 180, 180]) as horizon_days,
        unnest([0, 0, 30, 30, 30]) as cohort_days

),

origins as (

    select
        task as origin_task,
        horizon_days,
        count(*) as origins,
        bool_or(is_shortened) as is_shortened,
        min(cohort_days) as cohort_days
    from {{ ref('int_origins') }}
    where prediction_run = 'backtest'
    group by 1, 2

),

spend_counts as (

    select
        'spend' as task,
        90 as horizon_days,
        count(*) filter (where role = 'train') as learned,
        count(*) filter (where role = 'test') as judged,
        2 as outcomes
    from {{ ref('int_sample_splits') }}
    where
        prediction_run = 'backtest'
        and task = 'spend'

),

class_counts as (

    select
        task,
        horizon_days,
        count(outcome) filter (where role in ('train', 'validation')) as learned,
        count(outcome) filter (where role = 'test') as judged,
        count(distinct outcome) filter (where role in ('train', 'validation')) as outcomes
    from {{ ref('int_classification_tasks') }}
    where prediction_run = 'backtest'
    group by 1, 2

),

counts as (

    select * from spend_counts

    union all

    select * from class_counts

),

categories as (

    select count(distinct category) as categories
    from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'

)

select
    tasks.task,
    tasks.horizon_days,
    case
        when tasks.task = 'interest' and categories.categories = 0
            then 'no product categories: see failure_reason in product_categories'
        when origins.origins is null
            then format(
                '{} days of history: to learn from {} days, be judged by {}, and have a month before, takes {}',
                history.history_days,
                tasks.horizon_days,
                tasks.horizon_days,
                case
                    when tasks.task in ('spend', 'interest') then 2 * tasks.horizon_days + 30
                    else 2 * tasks.horizon_days + 2
                end
            )
        when coalesce(counts.learned, 0) = 0
            then 'nobody to learn from: no customer was seen for long enough, or none came back'
        when coalesce(counts.judged, 0) = 0
            then 'nobody to judge by: no customer came, or none came back, after the origins'
        when counts.outcomes = 1 then 'one outcome only: there is nothing to tell apart'
        when origins.is_shortened
            then format(
                'one origin, newcomers of {} days: {} days of history hold no more. What comes in {} days is judged too',
                origins.cohort_days,
                history.history_days,
                tasks.horizon_days // 2
            )
        when origins.origins < {{ var('backtest_origins') }}
            then format(
                '{} of {} origins, as {} days of history hold no more',
                origins.origins,
                {{ var('backtest_origins') }},
                history.history_days
            )
        else format('{} of {} origins', origins.origins, {{ var('backtest_origins') }})
    end as reason,
    coalesce(origins.origins, 0) as origins,
    coalesce(counts.learned, 0) as learned,
    coalesce(counts.judged, 0) as judged
from tasks
cross join history
cross join categories
left join origins
    on
        tasks.origin_task = origins.origin_task
        and tasks.horizon_days = origins.horizon_days
left join counts
    on
        tasks.task = counts.task
        and tasks.horizon_days = counts.horizon_days
