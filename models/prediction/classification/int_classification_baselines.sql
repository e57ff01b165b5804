-- Naive predictions of each sample to evaluate or to predict: the classes most common among samples
-- of the same cohort; for segments the newcomer's own on the cutoff date, and the one that follows
-- without another order; and for interests the categories that all customers spend most on, those
-- that the customer did, and both.
with samples as (

    select
        *,
        {{ cohort_key() }} as cohort_key
    from {{ ref('int_classification_samples') }}

),

sample_interests as (

    select * from {{ ref('int_sample_interests') }}

),

features as (

    select * from {{ ref('int_sample_features') }}

),

training_samples as (

    select * from samples
    where role in ('train', 'validation')

),

predicted_samples as (

    select * from samples
    where role in ('test', 'predict')

),

class_counts as (

    select
        prediction_run,
        task,
        horizon_days,
        origin_date,
        cohort_key,
        outcome,
        count(*) as sample_count,
        sum(count(*)) over (
            partition by prediction_run, task, horizon_days, origin_date, cohort_key
        ) as cohort_sample_count
    from training_samples
    where outcome is not null
    group by 1, 2, 3, 4, 5, 6

),

class_shares as (

    select
        *,
        sample_count / cohort_sample_count as probability,
        row_number() over (
            partition by prediction_run, task, horizon_days, origin_date, cohort_key
            order by sample_count desc, outcome asc
        ) as outcome_rank
    from class_counts

),

majorities as (

    select
        predicted_samples.prediction_run,
        predicted_samples.task,
        'majority' as model,
        case
            when predicted_samples.task = 'interest' then 'of all'
            else 'of newcomers with as many orders'
        end as settings,
        class_shares.outcome,
        predicted_samples.horizon_days,
        predicted_samples.sample_number,
        class_shares.outcome_rank,
        class_shares.probability,
        predicted_samples.origin_date
    from predicted_samples
    inner join class_shares
        on
            predicted_samples.prediction_run = class_shares.prediction_run
            and predicted_samples.task = class_shares.task
            and predicted_samples.horizon_days = class_shares.horizon_days
            and predicted_samples.origin_date = class_shares.origin_date
            and predicted_samples.cohort_key = class_shares.cohort_key

),

own_segments as (

    select
        prediction_run,
        task,
        horizon_days,
        sample_number,
        origin_date,
        unnest(['current segment', 'no further order']) as model,
        unnest([segment_at_cutoff, segment_without_order]) as outcome
    from predicted_samples
    where task <> 'interest'

),

-- Who has no segment yet is predicted to end as most newcomers of the cohort do.
own_or_usual_segments as (

    select
        own_segments.prediction_run,
        own_segments.task,
        own_segments.model,
        'by the rules, of the newcomer' as settings,
        coalesce(own_segments.outcome, majorities.outcome) as outcome,
        own_segments.horizon_days,
        own_segments.sample_number,
        1 as outcome_rank,
        cast(null as double) as probability,
        own_segments.origin_date
    from own_segments
    left join majorities
        on
            own_segments.prediction_run = majorities.prediction_run
            and own_segments.task = majorities.task
            and own_segments.horizon_days = majorities.horizon_days
            and own_segments.origin_date = majorities.origin_date
            and own_segments.sample_number = majorities.sample_number
            and majorities.outcome_rank = 1
    where coalesce(own_segments.outcome, majorities.outcome) is not null

),

predicted_interests as (

    select * from predicted_samples
    where task = 'interest'

),

spend_of_all as (

    select
        training_samples.prediction_run,
        training_samples.origin_date,
        sample_interests.category_id,
        sum(sample_interests.amount) as amount
    from training_samples
    inner join sample_interests
        on
            training_samples.task = 'interest'
            and training_samples.sample_number = sample_interests.sample_number
    group by 1, 2, 3

),

ranking_of_all as (

    select
        *,
        row_number() over (
            partition by prediction_run, origin_date
            order by category_id = -1 asc, amount desc, category_id asc
        ) as outcome_rank
    from spend_of_all

),

global_top as (

    select
        predicted_interests.prediction_run,
        predicted_interests.horizon_days,
        predicted_interests.sample_number,
        predicted_interests.origin_date,
        ranking_of_all.category_id,
        ranking_of_all.outcome_rank
    from predicted_interests
    inner join ranking_of_all
        on
            predicted_interests.prediction_run = ranking_of_all.prediction_run
            and predicted_interests.origin_date = ranking_of_all.origin_date

),

-- Of millions of customers only those to predict are worth unpivoting.
predicted_features as (

    select * from features
    where sample_number in (select predicted_interests.sample_number from predicted_interests)

),

shares as (

    select
        sample_number,
        cast(right(column_name, 2) as integer) - 1 as category_id,
        share
    from predicted_features
    unpivot (share for column_name in (
        {% for number in range(most_given_categories() + 1) -%}
        share_{{ '%02d' % number }}{{ ', ' if not loop.last }}
        {%- endfor %}
    ))

),

personal_top as (

    select
        predicted_interests.prediction_run,
        predicted_interests.horizon_days,
        predicted_interests.sample_number,
        predicted_interests.origin_date,
        shares.category_id,
        row_number() over (
            partition by
                predicted_interests.prediction_run,
                predicted_interests.origin_date,
                predicted_interests.sample_number
            order by shares.category_id = -1 asc, shares.share desc, shares.category_id asc
        ) as outcome_rank
    from predicted_interests
    inner join shares
        on
            predicted_interests.sample_number = shares.sample_number
            and shares.share > 0

),

-- The customer's own categories are first, also those that nobody else is known to have spent on.
both_tops as (

    select
        *,
        1 as preference
    from personal_top

    union all

    select
        *,
        2 as preference
    from global_top

),

both_tops_once as (

    select * from both_tops
    qualify row_number() over (
        partition by prediction_run, origin_date, sample_number, category_id
        order by preference asc
    ) = 1

),

personal_then_global_top as (

    select
        prediction_run,
        horizon_days,
        sample_number,
        origin_date,
        category_id,
        row_number() over (
            partition by prediction_run, origin_date, sample_number
            order by preference asc, outcome_rank asc
        ) as outcome_rank
    from both_tops_once

),

top_interests as (

    select
        *,
        'global top' as model
    from global_top

    union all

    select
        *,
        'personal top' as model
    from personal_top

    union all

    select
        *,
        'personal, then global top' as model
    from personal_then_global_top

),

baselines as (

    select * from majorities

    union all

    select * from own_or_usual_segments

    union all

    select
        prediction_run,
        'interest' as task,
        model,
        'by spend' as settings,
        cast(category_id as varchar) as outcome,
        horizon_days,
        sample_number,
        outcome_rank,
        cast(null as double) as probability,
        origin_date
    from top_interests
    where outcome_rank <= 3

)

select
    prediction_run,
    task,
    model,
    settings,
    outcome,
    horizon_days,
    sample_number,
    cast(outcome_rank as integer) as outcome_rank,
    probability,
    origin_date
from baselines
