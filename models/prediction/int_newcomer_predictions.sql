-- What is said of each newcomer in each task: by the model in use, or by the naive guess that is no worse.
with in_use as (

    select * from {{ ref('int_models_in_use') }}
    where task <> 'spend'

),

newcomers as (

    select * from {{ ref('int_class_tasks') }}
    where
        study = 'live'
        and role = 'predict'

),

said as (

    select
        task,
        model,
        outcome,
        frame_number,
        outcome_rank,
        probability
    from {{ ref('class_predictions') }}
    where role = 'predict'

    union all

    select
        newcomers.task,
        'majority' as model,
        majorities.outcome,
        newcomers.frame_number,
        majorities.outcome_rank,
        majorities.probability
    from newcomers
    inner join {{ ref('int_majorities') }} as majorities
        on
            newcomers.study = majorities.study
            and newcomers.task = majorities.task
            and newcomers.horizon_days = majorities.horizon_days
            and newcomers.origin_date = majorities.origin_date
            and {{ peers_of('newcomers') }} = majorities.peers
    where majorities.outcome_rank <= 3

    union all

    select
        'interest' as task,
        model,
        outcome,
        frame_number,
        outcome_rank,
        cast(null as double) as probability
    from {{ ref('int_interest_guesses') }}
    where study = 'live'

),

interests as (

    select distinct
        cast(category as varchar) as outcome,
        category_name
    from {{ ref('int_products_by_category') }}
    where study = 'live'

),

thresholds as (

    select * from {{ ref('int_live_thresholds') }}

),

named as (

    select
        newcomers.customer_id,
        newcomers.task,
        said.model,
        case when newcomers.task = 'interest' then interests.category_name else said.outcome end as outcome,
        said.outcome_rank,
        said.probability,
        thresholds.least_confidence,
        in_use.is_baseline
    from newcomers
    inner join in_use
        on newcomers.task = in_use.task
    inner join said
        on
            newcomers.task = said.task
            and newcomers.frame_number = said.frame_number
            and in_use.model = said.model
    left join interests
        on
            newcomers.task = 'interest'
            and said.outcome = interests.outcome
    left join thresholds
        on
            newcomers.task = thresholds.task
            and said.model = thresholds.model
            and {{ peers_of('newcomers') }} = thresholds.peers

)

select
    customer_id,
    task,
    model,
    max(outcome) filter (where outcome_rank = 1) as likeliest,
    string_agg(outcome, ' · ' order by outcome_rank asc) filter (where outcome_rank <= 3) as likely,
    max(probability) filter (where outcome_rank = 1) as probability,
    max(least_confidence) as least_confidence,
    bool_or(is_baseline) as is_baseline,
    coalesce(
        max(probability) filter (where outcome_rank = 1 and not is_baseline) >= max(least_confidence), false
    ) as is_sure
from named
group by 1, 2, 3
