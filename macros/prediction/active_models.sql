{#-
    SQL: for each of `tasks` the active model by the active version's `evaluations`. A model
    replaces a baseline only by evidence: enough customers were evaluated, and the lower end of the
    interval of its gain over the best baseline is above 0. Else, or where nothing could be
    evaluated, a baseline is active. A task is a dict of `task`, `metric`, `horizon_days`,
    `default_baseline`, the baseline without any evaluation, and `yardstick`, a baseline that models
    have to beat and that is never active. Today's models are fitted with the tuned parameters that
    the active model and its members had at the newest origin, so nothing is searched again.
-#}
{% macro active_models(evaluations, tasks) -%}
{%- set members = combined_forecasts() | join("', '") -%}
with evaluations as (

    select evaluations.*
    from {{ evaluations }} as evaluations
    inner join {{ ref('model_versions') }} as versions
        on
            evaluations.model_version = versions.model_version
            and versions.is_active

),

tasks as (

    {% for task in tasks %}
    select
        '{{ task.task }}' as task,
        '{{ task.metric }}' as metric,
        {{ task.horizon_days }} as horizon_days,
        '{{ task.default_baseline }}' as default_baseline,
        '{{ task.yardstick or "" }}' as yardstick
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

figures as (

    select
        evaluations.task,
        evaluations.model,
        evaluations.is_baseline,
        evaluations.value,
        evaluations.sample_size,
        tasks.metric,
        evaluations.horizon_days = tasks.horizon_days as is_at_horizon
    from evaluations
    inner join tasks
        on
            evaluations.task = tasks.task
            and evaluations.metric = tasks.metric
    where evaluations.split = 'all origins'

),

-- A segment may be evaluated at two horizons: each weighs by its samples.
weighted as (

    select
        task,
        model,
        is_baseline,
        metric,
        sum(cast(value * sample_size as decimal(38, 8))) / sum(sample_size) as value,
        max(value) filter (where is_at_horizon) as horizon_value,
        cast(sum(sample_size) as bigint) as sample_size
    from figures
    group by 1, 2, 3, 4

),

baselines as (

    select
        weighted.*,
        weighted.model = tasks.yardstick as is_yardstick,
        row_number() over (
            partition by weighted.task
            order by
                case when weighted.metric = 'rmse' then weighted.value else -weighted.value end asc,
                weighted.model asc
        ) as model_rank
    from weighted
    inner join tasks
        on weighted.task = tasks.task
    where weighted.is_baseline

),

usable_baselines as (

    select * from baselines
    where not is_yardstick
    qualify row_number() over (partition by task order by model_rank asc) = 1

),

gains as (

    select
        task,
        model,
        cast(max(sample_size) as bigint) as customer_count,
        max(value) filter (where metric = 'gain') as gain,
        max(value) filter (where metric = 'gain_lower_bound') as gain_lower_bound,
        max(value) filter (where metric = 'gain_upper_bound') as gain_upper_bound
    from evaluations
    where metric in ('gain', 'gain_lower_bound', 'gain_upper_bound')
    group by 1, 2

),

compared as (

    select
        tasks.task,
        tasks.metric,
        tasks.default_baseline,
        tasks.horizon_days,
        models.model as learned_model,
        models.value as learned_value,
        models.horizon_value as learned_horizon_value,
        baselines.model as baseline_model,
        baselines.value as baseline_value,
        baselines.horizon_value as baseline_horizon_value,
        baselines.sample_size as baseline_sample_size,
        usable_baselines.model as usable_baseline_model,
        usable_baselines.value as usable_baseline_value,
        usable_baselines.horizon_value as usable_baseline_horizon_value,
        gains.gain,
        gains.gain_lower_bound,
        gains.gain_upper_bound,
        coalesce(gains.customer_count, 0) as customer_count,
        coalesce(gains.customer_count >= {{ var('min_test_customers') }}, false) as is_enough,
        coalesce(
            gains.customer_count >= {{ var('min_test_customers') }}
            and gains.gain_lower_bound > 0,
            false
        ) as is_better
    from tasks
    left join gains
        on tasks.task = gains.task
    left join weighted as models
        on
            gains.task = models.task
            and gains.model = models.model
            and not models.is_baseline
    left join baselines
        on
            tasks.task = baselines.task
            and baselines.model_rank = 1
    left join usable_baselines
        on tasks.task = usable_baselines.task

),

decided as (

    select
        *,
        case
            when is_better then learned_model
            else coalesce(usable_baseline_model, default_baseline)
        end as model,
        case
            when learned_model is null then 'not evaluated'
            when is_better then 'better'
            when not is_enough then 'too few customers'
            when gain <= 0 then 'no better'
            else 'may be chance'
        end as evidence,
        case when is_better then learned_value else usable_baseline_value end as value,
        case when is_better then learned_horizon_value else usable_baseline_horizon_value end
            as horizon_value,
        case when metric = 'rmse' then '{:.1f}' else '{:.3f}' end as number_format
    from compared

),

reasons as (

    select
        task,
        case evidence
            when 'not evaluated' then 'a baseline is active: no model could be evaluated'
            when 'better'
                then format(
                    concat(
                        'active: {} ', number_format, ', the best baseline ({}) ', number_format,
                        '; better by ', number_format, ' at least (95 %, {} customers)'
                    ),
                    metric,
                    learned_value,
                    baseline_model,
                    baseline_value,
                    gain_lower_bound,
                    customer_count
                )
            when 'no better'
                then format(
                    concat(
                        'a baseline is active: {} ', number_format, ', {} ', number_format,
                        ' is no better ({} customers)'
                    ),
                    metric,
                    baseline_value,
                    learned_model,
                    learned_value,
                    customer_count
                )
            else format(
                concat(
                    'a baseline is active, as it is too early to say that {} ({} ', number_format,
                    ') is better than {} (', number_format, '): {} customers were evaluated{}; ',
                    'better by ', number_format, ' to ', number_format, ' (90 %)'
                ),
                learned_model,
                metric,
                learned_value,
                baseline_model,
                baseline_value,
                customer_count,
                case
                    when evidence = 'too few customers'
                        then ', {{ var("min_test_customers") }} are needed'
                    else ''
                end,
                gain_lower_bound,
                gain_upper_bound
            )
        end as choice,
        case
            when not is_better and model <> baseline_model
                then format(
                    concat(
                        '; {} says nothing of any customer, so {} (', number_format, ') is in use'
                    ),
                    baseline_model,
                    model,
                    value
                )
        end as yardstick_remark,
        -- Compared over all horizons, models are reported with the figure of the one that they
        -- predict.
        case
            when horizon_value is null and value is not null
                then format('; these figures are of a shorter horizon than {} days', horizon_days)
            when round(horizon_value, 6) <> round(value, 6)
                then concat(
                    '; these over all horizons, and at ', horizon_days, ' days alone (the value): ',
                    concat_ws(
                        ', ',
                        format(
                            concat('{} ', number_format), learned_model, learned_horizon_value
                        ),
                        format(
                            concat('{} ', number_format), baseline_model, baseline_horizon_value
                        )
                    )
                )
        end as horizon_remark
    from decided

),

-- The parameters at the newest origin. What is made of other models has none of its own.
tuned_models as (

    select
        task,
        model,
        max_by(settings, (train_to, settings)) as settings
    from evaluations
    where
        not is_baseline
        and split like 'from %'
        and model not in ('soft_vote', 'combination')
    group by 1, 2

),

-- A combination needs its members, and a vote needs every model.
tuned_parameters as (

    select
        decided.task,
        cast(to_json(map(
            list(tuned_models.model order by tuned_models.model),
            list(tuned_models.settings order by tuned_models.model)
        )) as varchar) as tuned_parameters
    from decided
    inner join tuned_models
        on
            decided.task = tuned_models.task
            and (
                decided.model = tuned_models.model
                or decided.model = 'soft_vote'
                or (decided.model = 'combination' and tuned_models.model in ('{{ members }}'))
            )
    where decided.is_better
    group by 1

)

select
    decided.task,
    decided.model,
    decided.metric,
    decided.evidence,
    concat(reasons.choice, reasons.yardstick_remark, reasons.horizon_remark) as reason,
    tuned_parameters.tuned_parameters,
    decided.horizon_days,
    coalesce(decided.horizon_value, decided.value) as value,
    decided.learned_value,
    decided.baseline_value,
    decided.gain_lower_bound,
    coalesce(nullif(decided.customer_count, 0), decided.baseline_sample_size) as sample_size,
    not decided.is_better as is_baseline
from decided
inner join reasons
    on decided.task = reasons.task
left join tuned_parameters
    on decided.task = tuned_parameters.task
{%- endmacro %}
