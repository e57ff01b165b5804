{%- set combined = combined_forecasts() | join("', '") %}

-- The settings that the backtest of the version in use settled on: today's models are fitted with them, and nothing is searched
-- again.
with in_use as (

    select
        task,
        model
    from {{ ref('int_active_models') }}
    where not is_baseline

),

evaluations as (

    select distinct
        evaluations.task,
        evaluations.model,
        evaluations.settings,
        evaluations.train_to
    from {{ ref('prediction_evaluation_versions') }} as evaluations
    inner join {{ ref('int_active_version') }} as version_in_use
        on evaluations.model_version = version_in_use.model_version
    where
        not evaluations.is_baseline
        and evaluations.split like 'from %'
        -- What is made of other models has no settings of its own.
        and evaluations.model not in ('soft_vote', 'combination')

)

-- A combination needs its members, and a vote every model.
select
    evaluations.task,
    evaluations.model,
    max_by(evaluations.settings, (evaluations.train_to, evaluations.settings)) as settings
from evaluations
inner join in_use
    on
        evaluations.task = in_use.task
        and (
            evaluations.model = in_use.model
            or in_use.model = 'soft_vote'
            or (in_use.model = 'combination' and evaluations.model in ('{{ combined }}'))
        )
group by 1, 2
