-- A version is fitted once, at one date: where its rules are stored, so are its cut-points, and the
-- customers that it was fitted on, nobody of whom had ordered after the baseline date.
with rules as (

    select distinct model_version
    from {{ ref('int_segment_rules') }}

),

cut_points as (

    select
        model_version,
        count(*) as cut_points,
        count(distinct measure) as measures
    from {{ ref('rfm_cut_points') }}
    where
        score_group is null
        and measure in ('recency_days', 'frequency', 'monetary')
    group by 1

),

population as (

    select
        model_version,
        count(*) as customers,
        min(recency_days) as least_recency_days
    from {{ ref('int_fit_population') }}
    group by 1

)

select
    rules.model_version,
    versions.baseline_date,
    cut_points.cut_points,
    population.customers,
    population.least_recency_days
from rules
left join {{ ref('model_versions') }} as versions
    on rules.model_version = versions.model_version
left join cut_points
    on rules.model_version = cut_points.model_version
left join population
    on rules.model_version = population.model_version
where
    versions.baseline_date is null
    or cut_points.measures is distinct from 3
    -- Four a measure, unless the version was fitted with other scores.
    or (
        cut_points.cut_points is distinct from 12
        and versions.settings not like '%"rfm_cut_points"%'
    )
    or coalesce(population.customers, 0) = 0
    or population.least_recency_days < 0
