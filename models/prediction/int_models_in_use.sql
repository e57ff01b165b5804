-- Each task's best model by the backtest of the version in use, if it beats the best naive guess; else, or where nothing could be
-- judged, a naive guess stays in use.
with evaluations as (

    select evaluations.*
    from {{ ref('prediction_evaluation_versions') }} as evaluations
    inner join {{ ref('int_score_version_in_use') }} as version_in_use
        on evaluations.rules_version = version_in_use.score_version
    where evaluations.split = 'all origins'

),

tasks as (

    select
        unnest(['spend', 'interest', 'broad', 'detailed', 'rfm']) as task,
        -- The guess that stands in where nothing was judged.
        unnest(['past rate', 'personal, then global top', 'majority', 'majority', 'majority']) as plain_guess,
        unnest(['rmse', 'accuracy', 'accuracy', 'accuracy', 'accuracy']) as metric

),

-- A segment may be judged at two horizons: each weighs by the frames it was judged by.
judged as (

    select
        evaluations.task,
        evaluations.model,
        evaluations.is_baseline,
        tasks.metric,
        sum(cast(evaluations.value * evaluations.sample_size as decimal(38, 8))) / sum(evaluations.sample_size) as value,
        cast(sum(evaluations.sample_size) as bigint) as sample_size
    from evaluations
    inner join tasks
        on
            evaluations.task = tasks.task
            and evaluations.metric = tasks.metric
    group by 1, 2, 3, 4

),

ranked as (

    select
        *,
        row_number() over (
            partition by task, is_baseline
            order by case when metric = 'rmse' then value else -value end asc, model asc
        ) as place
    from judged

),

learned as (

    select * from ranked
    where
        place = 1
        and not is_baseline

),

naive as (

    select * from ranked
    where
        place = 1
        and is_baseline

),

compared as (

    select
        tasks.task,
        tasks.metric,
        tasks.plain_guess,
        learned.model as learned_model,
        learned.value as learned_value,
        naive.model as naive_model,
        naive.value as naive_value,
        coalesce(learned.sample_size, naive.sample_size) as sample_size,
        coalesce(
            case when tasks.metric = 'rmse' then learned.value < naive.value else learned.value > naive.value end, false
        ) as is_better
    from tasks
    left join learned
        on tasks.task = learned.task
    left join naive
        on tasks.task = naive.task

)

select
    task,
    case when is_better then learned_model else coalesce(naive_model, plain_guess) end as model,
    metric,
    case
        when is_better
            then format(
                'in use: {} {:.4g}, the best naive guess ({}) {:.4g}', metric, learned_value, naive_model, naive_value
            )
        when learned_model is null then 'a naive guess is used: no model could be judged'
        else format(
            'a naive guess is used: {} {:.4g}, the best model ({}) {:.4g} is no better',
            metric,
            naive_value,
            learned_model,
            learned_value
        )
    end as reason,
    learned_value,
    naive_value,
    sample_size,
    not is_better as is_baseline
from compared
