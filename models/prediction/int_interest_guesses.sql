-- Naive guesses of the categories a customer will spend most on: those that all spend most on, those the customer did, and both.
with frames as (

    select * from {{ ref('int_class_tasks') }}
    where task = 'interest'

),

guessed as (

    select
        study,
        origin_date,
        frame_number
    from frames
    where role in ('test', 'predict')

),

everyone as (

    select
        frames.study,
        frames.origin_date,
        interests.category,
        row_number() over (
            partition by frames.study, frames.origin_date
            order by interests.category = -1 asc, sum(interests.amount) desc, interests.category asc
        ) as place
    from frames
    inner join {{ ref('int_frame_interests') }} as interests
        on frames.frame_number = interests.frame_number
    where frames.role in ('train', 'validation')
    group by 1, 2, 3

),

-- Of millions of customers only those who are guessed at are worth unfolding.
asked as (

    select *
    from {{ ref('int_frame_features') }}
    where frame_number in (select guessed.frame_number from guessed)

),

shares as (

    select
        frame_number,
        cast(right(column_name, 2) as integer) - 1 as category,
        share
    from asked
    unpivot (share for column_name in (columns('share_[0-9]+')))

),

own as (

    select
        guessed.study,
        guessed.origin_date,
        guessed.frame_number,
        shares.category,
        row_number() over (
            partition by guessed.study, guessed.origin_date, guessed.frame_number
            order by shares.category = -1 asc, shares.share desc, shares.category asc
        ) as place
    from guessed
    inner join shares
        on
            guessed.frame_number = shares.frame_number
            and shares.share > 0

),

everyones as (

    select
        guessed.study,
        guessed.origin_date,
        guessed.frame_number,
        everyone.category,
        everyone.place
    from guessed
    inner join everyone
        on
            guessed.study = everyone.study
            and guessed.origin_date = everyone.origin_date

),

-- A customer's own categories are a guess also where nobody else is known to have spent on them.
places as (

    select
        *,
        1 as preference
    from own

    union all

    select
        *,
        2 as preference
    from everyones

),

preferred as (

    select * from places
    qualify row_number() over (
        partition by study, origin_date, frame_number, category order by preference asc
    ) = 1

),

ranked as (

    select
        study,
        origin_date,
        'global top' as model,
        frame_number,
        category,
        place
    from everyones

    union all

    select
        study,
        origin_date,
        'personal top' as model,
        frame_number,
        category,
        place
    from own

    union all

    select
        study,
        origin_date,
        'personal, then global top' as model,
        frame_number,
        category,
        row_number() over (
            partition by study, origin_date, frame_number order by preference asc, place asc
        ) as place
    from preferred

)

select
    study,
    model,
    cast(category as varchar) as outcome,
    frame_number,
    cast(place as integer) as outcome_rank,
    origin_date
from ranked
where place <= 3
