{#-
    SQL: the CTEs `origin_periods` and `periods`: which days a backtest trains and evaluates on, a
    row per task, horizon and origin of `origins`, and one over all of them, whose `origin_date` is
    null.
-#}
{% macro evaluation_periods(origins) -%}
origin_periods as (

    select
        task,
        horizon_days,
        origin_date,
        history_from as train_from,
        origin_date as train_to,
        origin_date + 1 as test_from,
        origin_date + cast(cohort_days as integer) + cast(horizon_days as integer) as test_to
    from {{ origins }}

),

periods as (

    select * from origin_periods

    union all

    select
        task,
        horizon_days,
        cast(null as date) as origin_date,
        min(train_from) as train_from,
        max(train_to) as train_to,
        min(test_from) as test_from,
        max(test_to) as test_to
    from origin_periods
    group by 1, 2

)
{%- endmacro %}
