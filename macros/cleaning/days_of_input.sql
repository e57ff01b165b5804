{#-
    SQL: CTEs, of which the last, `days_of_input`, has one row per `day` of any readable row of the
    input, with its `row_count`. `new_rows` names the relation of the rows that this build adds,
    `flagged_days` that of the days of those that earlier builds flagged; none where there are none.
-#}
{% macro days_of_input(new_rows, flagged_days=none) -%}
days_of_rows as (

    {% if new_rows %}
    select
        cast(ordered_at as date) as day,
        count(*) as row_count
    from {{ new_rows }}
    where
        not is_unreadable
        and ordered_at is not null
    group by 1
    {% endif %}
    {% if new_rows and flagged_days %}

    union all

    {% endif %}
    {% if flagged_days %}
    select
        day,
        row_count
    from {{ flagged_days }}
    {% endif %}

),

-- Materialized, so that every engine counts the rows once: it is read several times.
days_of_input as materialized (

    select
        day,
        sum(row_count) as row_count
    from days_of_rows
    group by 1

)
{%- endmacro %}


{#-
    SQL: one row per day of the readable rows that earlier builds flagged, and whether they were
    flagged as implausible. `flagged_rows` names their relation.
-#}
{% macro days_of_flagged_rows(flagged_rows) -%}
    select
        cast(flagged_before.ordered_at as date) as day,
        flagged_before.is_implausible_date,
        count(*) as row_count
    from {{ flagged_rows }} as flagged_before
    where
        not flagged_before.is_unreadable
        and flagged_before.ordered_at is not null
    group by 1, 2
{%- endmacro %}
