-- A version is fitted once, at one date: where its rules are stored, so are its cut-points, and the
-- customers that it was fitted on, nobody of whom had ordered after the baseline date.
with rules as (

    select distinct model_version
    from {{ ref('int_segment_rules') }}

),

-- What each version's own setting says of a measure: so many quantiles, a list of bounds, or none.
wanted as (

    {% for measure in score_measures() %}
    select
        model_version,
        '{{ measure }}' as measure,
        coalesce(
            json_extract_string(settings, '$.rfm_cut_points.{{ measure }}'),
            json_extract_string(settings, '$.rfm_cut_points')
        ) as setting
    from {{ ref('model_versions') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

expected_counts as (

    select
        model_version,
        measure,
        case
            when left(setting, 1) = '[' then length(setting) - length(replace(setting, ',', '')) + 1
            -- Fifths, also of a measure that a setting of others leaves out.
            when setting is null or left(setting, 1) = '{' then 4
            else cast(setting as integer) - 1
        end as expected_count
    from wanted

),

counts as (

    select
        model_version,
        measure,
        count(*) as cut_point_count
    from {{ ref('rfm_cut_points') }}
    where score_group is null
    group by 1, 2

),

cut_points as (

    select
        expected_counts.model_version,
        string_agg(
            concat(
                coalesce(counts.cut_point_count, 0), ' of ', expected_counts.measure, ', not ',
                expected_counts.expected_count
            ), ', '
            order by expected_counts.measure
        ) filter (
            where expected_counts.expected_count is distinct from counts.cut_point_count
        ) as wrong_counts
    from expected_counts
    left join counts
        on
            expected_counts.model_version = counts.model_version
            and expected_counts.measure = counts.measure
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
    cut_points.wrong_counts,
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
    or cut_points.wrong_counts is not null
    or coalesce(population.customers, 0) = 0
    or population.least_recency_days < 0
