-- The settings that the backtest of the version in use settled on: today's models are fitted with them, and nothing is searched
-- again.
with evaluations as (

    select distinct
        evaluations.task,
        evaluations.model,
        evaluations.settings,
        evaluations.train_to
    from {{ ref('prediction_evaluation_versions') }} as evaluations
    inner join {{ ref('int_score_version_in_use') }} as version_in_use
        on evaluations.rules_version = version_in_use.score_version
    where
        not evaluations.is_baseline
        and evaluations.split like 'from %'

)

select
    task,
    model,
    max_by(settings, (train_to, settings)) as settings
from evaluations
group by 1, 2
