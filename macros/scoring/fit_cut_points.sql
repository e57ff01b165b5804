{#- A group of fewer customers has no scores of its own: twenty for each of five. -#}
{% macro least_group_customers() -%}
    {{ return(100) }}
{%- endmacro %}


{#-
    SQL: CTEs that fit the cut-points of the scores on `population` (recency_days, frequency and
    monetary as decimals, and country), the last of them `cut_points`. `score_group` is null for
    those of the whole shop. Who takes part is kept in rows of its own.
-#}
{% macro fit_cut_points(population) -%}
{%- set within = setting('score_within') -%}
-- Each customer in the whole shop, and in a group of its own where that is large enough.
grouped as (

    select
        '' as score_group,
        recency_days,
        frequency,
        monetary
    from {{ population }}
    {% if within is not none %}

    union all

    select
        {{ within }} as score_group,
        recency_days,
        frequency,
        monetary
    from {{ population }}
    where {{ within }} is not null
    qualify count(*) over (partition by {{ within }}) >= {{ least_group_customers() }}
    {% endif %}

),

measured as (

    select
        score_group,
        measure,
        value,
        count(*) as customers
    from grouped unpivot (value for measure in (recency_days, frequency, monetary))
    group by 1, 2, 3

),

cumulative as (

    select
        score_group,
        measure,
        value,
        sum(customers) over (
            partition by score_group, measure
            order by value rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customers) over (partition by score_group, measure) as customers_fitted
    from measured

),

-- Of a measure whose bounds are fixed there is nothing to fit.
cuts as (

    {% for measure, settings in score_settings().items() %}
    select
        '{{ measure }}' as measure,
        cast(unnest(range(1, {{ settings.score_count }})) as integer) as cut_number,
        {{ settings.score_count }} as score_count
    {{ 'where false' if settings.bounds }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- The least value that at least so many fifths, or other quantiles, of the customers do not exceed.
-- It is a value that occurs, and counted in whole numbers, so that no rounding moves it.
fitted_cut_points as (

    select
        cumulative.score_group,
        cumulative.measure,
        cuts.cut_number,
        min(cumulative.value) as cut_point
    from cumulative
    inner join cuts
        on
            cumulative.measure = cuts.measure
            and cumulative.customers_up_to * cuts.score_count
            >= cumulative.customers_fitted * cuts.cut_number
    group by 1, 2, 3

),

cut_points as (

    select
        nullif(score_group, '') as score_group,
        measure,
        cut_number,
        cut_point
    from fitted_cut_points
    {% for measure, settings in score_settings().items() %}
    {% for bound in settings.bounds or [] %}

    union all

    select
        nullif(score_group, '') as score_group,
        '{{ measure }}' as measure,
        {{ loop.index }} as cut_number,
        cast({{ bound }} as decimal(18, 2)) as cut_point
    from (select distinct measured.score_group from measured) as fitted_groups
    {% endfor %}
    {% endfor %}
    {{- participation_rows() }}

)
{%- endmacro %}
