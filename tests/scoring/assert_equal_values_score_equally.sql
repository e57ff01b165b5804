-- Scores are also within what the version's cut-points allow: 1 to 5, or as the setting
-- `rfm_cut_points` said when it was fitted.
with score_counts as (

    select
        model_version,
        measure,
        count(*) + 1 as score_count
    from {{ ref('rfm_cut_points') }}
    group by 1, 2

),

customers as (

    select * from {{ ref('customers') }}
    where frequency > 0

),

measured as (

    select
        'recency_days' as measure,
        model_version,
        cast(recency_days as decimal(18, 2)) as value,
        recency_score as score,
        recency_percent_rank as percent_rank
    from customers

    union all

    select
        'frequency' as measure,
        model_version,
        cast(frequency as decimal(18, 2)) as value,
        frequency_score as score,
        frequency_percent_rank as percent_rank
    from customers

    union all

    select
        'monetary' as measure,
        model_version,
        monetary as value,
        monetary_score as score,
        monetary_percent_rank as percent_rank
    from customers

)

select
    measured.measure,
    measured.value
from measured
left join score_counts
    on
        measured.model_version = score_counts.model_version
        and measured.measure = score_counts.measure
group by 1, 2
having
    count(distinct measured.score) > 1
    or count(distinct measured.percent_rank) > 1
    or not coalesce(bool_and(measured.score between 1 and score_counts.score_count), false)
