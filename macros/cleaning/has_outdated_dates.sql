{#-
    Whether a row that an earlier build flagged has a date that was plausible then and isn't now, or
    the other way round: the rows since then, or a setting, moved an end of the log. A model asks at
    each `is_incremental()`, and the answer takes a search of all rows: it is kept for the run.
-#}
{% macro has_outdated_dates() -%}
    {%- set flagged = existing_relation('cleaning', 'int_transactions_flagged') -%}
    {%- set staged = existing_relation('staging', 'stg_transactions') -%}
    {%- if flagged is none or staged is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set known = single_value("select getvariable('outdated_dates')") or '' -%}
    {%- if known.startswith(invocation_id) -%}
        {{ return(known.endswith('true')) }}
    {%- endif -%}
    {%- set query -%}
        with new_rows as (

            select
                ordered_at,
                unreadable_detail is not null as is_unreadable
            from {{ staged }}
            where input_row > (select coalesce(max(input_row), 0) from {{ flagged }})

        ),

        {{ days_of_input('new_rows', flagged) }},

        {{ plausible_days('days_of_input') }}

        select count(*) > 0
        from {{ flagged }} as flagged_before
        cross join plausible_days
        where
            not flagged_before.is_unreadable
            and (flagged_before.rejection_reason is not distinct from 'implausible_date') = (
                cast(flagged_before.ordered_at as date)
                between plausible_days.first_day and plausible_days.last_day
            )
    {%- endset -%}
    {%- set is_outdated = single_value(query) -%}
    {%- set answer = sql_text(invocation_id ~ ' ' ~ (is_outdated | string | lower)) -%}
    {%- do run_query('set variable outdated_dates = ' ~ answer) -%}
    {{ return(is_outdated) }}
{%- endmacro %}
