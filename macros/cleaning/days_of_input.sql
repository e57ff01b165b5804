{#-
    SQL: CTEs, of which the last, `days_of_input`, has one row per `day` of any readable row of the
    input, with its `row_count`. `new_rows` names the relation of the rows that this build adds,
    `flagged_rows` that of those that earlier builds flagged (none where all are new).
-#}
{% macro days_of_input(new_rows, flagged_rows=none) -%}
dated_rows as (

    select cast(ordered_at as date) as day
    from {{ new_rows }}
    where not is_unreadable
    {% if flagged_rows %}

    union all

    select cast(flagged_before.ordered_at as date) as day
    from {{ flagged_rows }} as flagged_before
    where not flagged_before.is_unreadable
    {% endif %}

),

days_of_input as (

    select
        day,
        count(*) as row_count
    from dated_rows
    where day is not null
    group by 1

)
{%- endmacro %}
