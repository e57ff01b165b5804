-- The naive guess at a class: how often each came of frames like this one among those that were complete.
with frames as (

    select
        study,
        task,
        {{ peers_of() }} as peers,
        outcome,
        horizon_days,
        origin_date
    from {{ ref('int_class_tasks') }}
    where
        role in ('train', 'validation')
        and outcome is not null

),

counted as (

    select
        study,
        task,
        peers,
        outcome,
        horizon_days,
        origin_date,
        count(*) as frames,
        sum(count(*)) over (partition by study, task, peers, horizon_days, origin_date) as frames_of_peers
    from frames
    group by 1, 2, 3, 4, 5, 6

)

select
    study,
    task,
    peers,
    outcome,
    horizon_days,
    cast(
        row_number() over (
            partition by study, task, peers, horizon_days, origin_date order by frames desc, outcome asc
        ) as integer
    ) as outcome_rank,
    frames / frames_of_peers as probability,
    origin_date
from counted
