-- The naive guess at a class: how often each came of frames like this one among those that were complete.
with frames as (

    select
        prediction_run,
        task,
        {{ cohort_key() }} as peers,
        outcome,
        horizon_days,
        origin_date
    from {{ ref('int_classification_tasks') }}
    where
        role in ('train', 'validation')
        and outcome is not null

),

counted as (

    select
        prediction_run,
        task,
        peers,
        outcome,
        horizon_days,
        origin_date,
        count(*) as frames,
        sum(count(*)) over (partition by prediction_run, task, peers, horizon_days, origin_date) as frames_of_peers
    from frames
    group by 1, 2, 3, 4, 5, 6

)

select
    prediction_run,
    task,
    peers,
    outcome,
    horizon_days,
    cast(
        row_number() over (
            partition by prediction_run, task, peers, horizon_days, origin_date order by frames desc, outcome asc
        ) as integer
    ) as outcome_rank,
    frames / frames_of_peers as probability,
    origin_date
from counted
