{#-
    SQL: CTEs that fit the cut-points of the scores on `population` (recency_days, frequency and
    monetary as decimals), the last of them `cut_points`.
-#}
{% macro fit_cut_points(population) -%}
measured as (

    select
        measure,
        value,
        count(*) as customers
    from {{ population }} unpivot (value for measure in (recency_days, frequency, monetary))
    group by 1, 2

),

cumulative as (

    select
        measure,
        value,
        sum(customers) over (
            partition by measure order by value rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customers) over (partition by measure) as customers_fitted
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
cut_points as (

    select
        cumulative.measure,
        cuts.cut_number,
        min(cumulative.value) as cut_point
    from cumulative
    inner join cuts
        on
            cumulative.measure = cuts.measure
            and cumulative.customers_up_to * cuts.score_count
            >= cumulative.customers_fitted * cuts.cut_number
    group by 1, 2
    {% for measure, settings in score_settings().items() %}
    {% for bound in settings.bounds or [] %}

    union all

    select
        '{{ measure }}' as measure,
        {{ loop.index }} as cut_number,
        cast({{ bound }} as decimal(18, 2)) as cut_point
    {% endfor %}
    {% endfor %}

)
{%- endmacro %}
