{#-
    SQL: from which confidence on each model of `predictions` was right often enough, among the frames of a `prediction_run` that it was tuned
    by: below it is too early to say. Apart for newcomers of each number of orders, as after one order a model is sure of less than
    after three. Twenty frames at least, as a few that happen to be right prove nothing; and what is less likely than not is
    never told, however easy the others were.
-#}
{% macro confidence_thresholds(predictions, prediction_run) -%}
with confident as (

    select
        said.task,
        said.model,
        {{ cohort_key('tasks') }} as peers,
        tasks.horizon_days,
        tasks.origin_date,
        said.probability as confidence,
        count(*) as frames,
        count(*) filter (where said.outcome = tasks.outcome) as right_frames
    from {{ predictions }} as said
    inner join {{ ref('int_classification_tasks') }} as tasks
        on
            said.task = tasks.task
            and said.horizon_days = tasks.horizon_days
            and said.origin_date = tasks.origin_date
            and said.sample_number = tasks.sample_number
            and tasks.prediction_run = '{{ prediction_run }}'
    where
        said.role = 'validation'
        and said.outcome_rank = 1
    group by 1, 2, 3, 4, 5, 6

),

running as (

    select
        *,
        sum(frames) over from_the_surest as frames_so_far,
        sum(right_frames) over from_the_surest as right_so_far
    from confident
    window from_the_surest as (
        partition by task, model, peers, horizon_days, origin_date
        order by confidence desc
        rows between unbounded preceding and current row
    )

)

select
    task,
    model,
    peers,
    horizon_days,
    min(confidence) filter (
        where confidence >= 0.5 and frames_so_far >= 20 and right_so_far >= {{ var('min_precision') }} * frames_so_far
    ) as least_confidence,
    cast(sum(frames) as bigint) as validation_samples,
    origin_date
from running
group by 1, 2, 3, 4, 7
{%- endmacro %}

