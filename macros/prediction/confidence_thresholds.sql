{#-
    SQL: from which confidence on each model of `predictions` was right often enough, among the frames it was tuned by: below it is
    too early to say. Twenty frames at least, as a few that happen to be right prove nothing.
-#}
{% macro confidence_thresholds(predictions) -%}
with confident as (

    select
        said.task,
        said.model,
        said.horizon_days,
        said.origin_date,
        said.probability as confidence,
        count(*) as frames,
        count(*) filter (where said.outcome = outcomes.outcome) as right_frames
    from {{ predictions }} as said
    inner join {{ ref('int_frame_outcomes') }} as outcomes
        on
            said.task = outcomes.task
            and said.frame_number = outcomes.frame_number
    where
        said.role = 'validation'
        and said.outcome_rank = 1
    group by 1, 2, 3, 4, 5

),

running as (

    select
        *,
        sum(frames) over from_the_surest as frames_so_far,
        sum(right_frames) over from_the_surest as right_so_far
    from confident
    window from_the_surest as (
        partition by task, model, horizon_days, origin_date
        order by confidence desc
        rows between unbounded preceding and current row
    )

)

select
    task,
    model,
    horizon_days,
    min(confidence) filter (
        where frames_so_far >= 20 and right_so_far >= {{ var('least_precision') }} * frames_so_far
    ) as least_confidence,
    cast(sum(frames) as bigint) as validation_frames,
    cast(origin_date as date) as origin_date
from running
group by 1, 2, 3, 6
{%- endmacro %}
