-- Each task's best model by the backtest of the version in use, if it beats the best naive guess; else, or where nothing could be
-- judged, a naive guess stays in use.
with evaluations as (

    select evaluations.*
    from {{ ref('prediction_evaluation_versions') }} as evaluations
    inner join {{ ref('int_active_version') }} as version_in_use
        on evaluations.model_version = version_in_use.model_version
    where evaluations.split = 'all origins'

),

tasks as (

    select
        unnest(['spend', 'interest', 'broad', 'detailed', 'rfm']) as task,
        -- The guess that stands in where nothing was judged.
        unnest(['past rate', 'personal, then global top', 'majority', 'majority', 'majority']) as plain_guess,
        unnest(['rmse', 'accuracy', 'accuracy', 'accuracy', 'accuracy']) as metric,
        unnest([90, 90, 180, 180, 180]) as horizon_days

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
        tasks.horizon_days,
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

),

decided as (

    select
        *,
        case when is_better then learned_model else coalesce(naive_model, plain_guess) end as model,
        case when metric = 'rmse' then '{:.1f}' else '{:.3f}' end as number_format
    from compared

),

-- Chosen over all horizons that it was judged at, a model is told with the figure of the one that it foretells.
at_horizon as (

    select
        evaluations.task,
        evaluations.model,
        evaluations.value
    from evaluations
    inner join tasks
        on
            evaluations.task = tasks.task
            and evaluations.metric = tasks.metric
            and evaluations.horizon_days = tasks.horizon_days

)

select
    decided.task,
    decided.model,
    decided.metric,
    concat(
        case
            when decided.learned_model is null then 'a naive guess is used: no model could be judged'
            when decided.is_better
                then format(
                    concat('in use: {} ', decided.number_format, ', the best naive guess ({}) ', decided.number_format),
                    decided.metric,
                    decided.learned_value,
                    decided.naive_model,
                    decided.naive_value
                )
            else format(
                concat(
                    'a naive guess is used: {} ', decided.number_format,
                    ', the best model ({}) ', decided.number_format, ' is no better'
                ),
                decided.metric,
                decided.naive_value,
                decided.learned_model,
                decided.learned_value
            )
        end,
        case
            when round(at_horizon.value, 6) <> round(if(decided.is_better, decided.learned_value, decided.naive_value), 6)
                then format('; over all days ahead that were judged; {:.3f} this far ahead', at_horizon.value)
        end
    ) as reason,
    decided.horizon_days,
    decided.learned_value,
    decided.naive_value,
    at_horizon.value as horizon_value,
    decided.sample_size,
    not decided.is_better as is_baseline
from decided
left join at_horizon
    on
        decided.task = at_horizon.task
        and decided.model = at_horizon.model
