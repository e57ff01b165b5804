{#-
    Whether a row that an earlier build flagged has a date that was plausible then and isn't now, or
    the other way round: the rows since then, or a setting, moved an end of the log. Several
    models ask, and the answer takes a look at all rows: it is kept for the run.
-#}
{% macro has_outdated_dates() -%}
    {%- set flagged = existing_relation(schema_of('cleaning'), 'int_transactions_flagged') -%}
    {%- set staged = existing_relation(schema_of('staging'), 'stg_transactions') -%}
    {%- set rows = existing_relation(schema_of('staging'), 'base_transactions') -%}
    {%- if flagged is none or staged is none or rows is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set known = single_value("select getvariable('outdated_dates')") or '' -%}
    {%- if known.startswith(invocation_id) -%}
        {{ return(known.endswith('true')) }}
    {%- endif -%}
    {%- set last_flagged = last_input_row(flagged) -%}
    {%- set has_new_rows = last_input_row(rows) > last_flagged -%}
    {%- set query -%}
        with
        {% if has_new_rows %}
        new_rows as (

            select
                ordered_at,
                unreadable_detail is not null as is_unreadable
            from {{ staged }}
            where input_row > {{ last_flagged }}

        ),
        {% endif %}

        -- A few days stand for all rows: they are read once.
        flagged_days as materialized (

            {{ days_of_flagged_rows(flagged) }}

        ),

        {{ days_of_input('new_rows' if has_new_rows else none, 'flagged_days') }},

        {{ plausible_days('days_of_input') }}

        select count(*) > 0
        from flagged_days
        cross join plausible_days
        where
            flagged_days.is_implausible_date = (
                flagged_days.day between plausible_days.first_day and plausible_days.last_day
            )
    {%- endset -%}
    {%- set is_outdated = single_value(query) -%}
    {%- set answer = sql_text(invocation_id ~ ' ' ~ (is_outdated | string | lower)) -%}
    {%- do run_query('set variable outdated_dates = ' ~ answer) -%}
    {{ return(is_outdated) }}
{%- endmacro %}
