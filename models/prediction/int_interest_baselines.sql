-- Naive guesses of the categories a customer will spend most on: those that all spend most on, those the customer did, and both.
with frames as (

    select * from {{ ref('int_classification_tasks') }}
    where task = 'interest'

),

guessed as (

    select
        prediction_run,
        origin_date,
        sample_number
    from frames
    where role in ('test', 'predict')

),

everyone as (

    select
        frames.prediction_run,
        frames.origin_date,
        interests.category,
        row_number() over (
            partition by frames.prediction_run, frames.origin_date
            order by interests.category = -1 asc, sum(interests.amount) desc, interests.category asc
        ) as place
    from frames
    inner join {{ ref('int_sample_interests') }} as interests
        on frames.sample_number = interests.sample_number
    where frames.role in ('train', 'validation')
    group by 1, 2, 3

),

-- Of millions of customers only those who are guessed at are worth unfolding.
asked as (

    select *
    from {{ ref('int_sample_features') }}
    where sample_number in (select guessed.sample_number from guessed)

),

shares as (

    select
        sample_number,
        cast(right(column_name, 2) as integer) - 1 as category,
        share
    from asked
    unpivot (share for column_name in (columns('share_[0-9]+')))

),

own as (

    select
        guessed.prediction_run,
        guessed.origin_date,
        guessed.sample_number,
        shares.category,
        row_number() over (
            partition by guessed.prediction_run, guessed.origin_date, guessed.sample_number
            order by shares.category = -1 asc, shares.share desc, shares.category asc
        ) as place
    from guessed
    inner join shares
        on
            guessed.sample_number = shares.sample_number
            and shares.share > 0

),

everyones as (

    select
        guessed.prediction_run,
        guessed.origin_date,
        guessed.sample_number,
        everyone.category,
        everyone.place
    from guessed
    inner join everyone
        on
            guessed.prediction_run = everyone.prediction_run
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
        partition by prediction_run, origin_date, sample_number, category order by preference asc
    ) = 1

),

ranked as (

    select
        prediction_run,
        origin_date,
        'global top' as model,
        sample_number,
        category,
        place
    from everyones

    union all

    select
        prediction_run,
        origin_date,
        'personal top' as model,
        sample_number,
        category,
        place
    from own

    union all

    select
        prediction_run,
        origin_date,
        'personal, then global top' as model,
        sample_number,
        category,
        row_number() over (
            partition by prediction_run, origin_date, sample_number order by preference asc, place asc
        ) as place
    from preferred

)

select
    prediction_run,
    model,
    cast(category as varchar) as outcome,
    sample_number,
    cast(place as integer) as outcome_rank,
    origin_date
from ranked
where place <= 3
