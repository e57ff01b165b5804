-- What models and naive guesses said in the backtest, of each frame to judge by: every class with its probability, or the first
-- three where a guess knows no probabilities.
with tasks as (

    select * from {{ ref('int_class_tasks') }}
    where
        study = 'backtest'
        and role = 'test'

),

said as (

    select
        task,
        model,
        settings,
        outcome,
        horizon_days,
        frame_number,
        outcome_rank,
        probability,
        false as is_baseline,
        origin_date
    from {{ ref('class_backtests') }}
    where role = 'test'

    union all

    select
        tasks.task,
        'majority' as model,
        case when tasks.task = 'interest' then 'of all' else 'of newcomers with as many orders' end as settings,
        majorities.outcome,
        tasks.horizon_days,
        tasks.frame_number,
        majorities.outcome_rank,
        majorities.probability,
        true as is_baseline,
        tasks.origin_date
    from tasks
    inner join {{ ref('int_majorities') }} as majorities
        on
            tasks.study = majorities.study
            and tasks.task = majorities.task
            and tasks.horizon_days = majorities.horizon_days
            and tasks.origin_date = majorities.origin_date
            and {{ peers_of('tasks') }} = majorities.peers

    union all

    select
        'interest' as task,
        guesses.model,
        'by money' as settings,
        guesses.outcome,
        tasks.horizon_days,
        guesses.frame_number,
        guesses.outcome_rank,
        cast(null as double) as probability,
        true as is_baseline,
        guesses.origin_date
    from {{ ref('int_interest_guesses') }} as guesses
    inner join tasks
        on
            tasks.task = 'interest'
            and guesses.study = tasks.study
            and guesses.frame_number = tasks.frame_number
            and guesses.origin_date = tasks.origin_date

)

select
    said.task,
    said.model,
    said.settings,
    tasks.peers,
    tasks.outcome as actual,
    said.outcome,
    said.horizon_days,
    said.frame_number,
    said.outcome_rank,
    said.probability,
    said.is_baseline,
    tasks.origin_date
from said
inner join tasks
    on
        said.task = tasks.task
        and said.horizon_days = tasks.horizon_days
        and said.origin_date = tasks.origin_date
        and said.frame_number = tasks.frame_number
