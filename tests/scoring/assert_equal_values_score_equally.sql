-- Within a country that has cut-points of its own, and among all others. Scores are also within
-- what the version's cut-points allow: 1 to 5, or as the setting `rfm_cut_points` said when it was
-- fitted.
with score_counts as (

    select
        model_version,
        measure,
        count(*) + 1 as score_count
    from {{ ref('rfm_cut_points') }}
    where score_group is null
    group by 1, 2

),

score_groups as (

    select distinct
        model_version,
        score_group
    from {{ ref('rfm_cut_points') }}
    where measure = 'frequency'

),

customers as (

    select
        customers.*,
        score_groups.score_group
    from {{ ref('customers') }} as customers
    left join score_groups
        on
            customers.model_version = score_groups.model_version
            and customers.country = score_groups.score_group
    where customers.rfm_score is not null

),

measured as (

    select
        'recency_days' as measure,
        model_version,
        score_group,
        cast(recency_days as decimal(18, 2)) as value,
        recency_score as score,
        recency_percent_rank as percent_rank
    from customers

    union all

    select
        'frequency' as measure,
        model_version,
        score_group,
        cast(frequency as decimal(18, 2)) as value,
        frequency_score as score,
        frequency_percent_rank as percent_rank
    from customers

    union all

    select
        'monetary' as measure,
        model_version,
        score_group,
        monetary as value,
        monetary_score as score,
        monetary_percent_rank as percent_rank
    from customers

),

-- A rank is among the whole shop.
ranks as (

    select
        measure,
        value,
        count(distinct percent_rank) as rank_count
    from measured
    group by 1, 2

)

select
    measured.measure,
    measured.value,
    measured.score_group
from measured
inner join ranks
    on
        measured.measure = ranks.measure
        and measured.value = ranks.value
left join score_counts
    on
        measured.model_version = score_counts.model_version
        and measured.measure = score_counts.measure
group by 1, 2, 3
having
    count(distinct measured.score) > 1
    or max(ranks.rank_count) > 1
    or not coalesce(bool_and(measured.score between 1 and score_counts.score_count), false)
