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

cuts as (

    select unnest([1, 2, 3, 4]) as cut_number

),

-- The least value that at least so many fifths of the customers do not exceed. It is a value that
-- occurs, and counted in whole numbers, so that no rounding moves it.
cut_points as (

    select
        cumulative.measure,
        cuts.cut_number,
        cumulative.customers_fitted,
        min(cumulative.value) as cut_point
    from cumulative
    inner join cuts
        on cumulative.customers_up_to * 5 >= cumulative.customers_fitted * cuts.cut_number
    group by 1, 2, 3

)
{%- endmacro %}
