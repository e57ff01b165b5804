{#-
    Raises a sentence where `as_of_date` or `baseline_date` is a day of which the log can know nothing: before it begins, or still to
    come. To read the log for its days takes a while: it is not asked where an order of that day or before is stored.
-#}
{% macro validate_dates_in_range(input, formats) -%}
    {%- set stored = existing_relation(target.schema, 'orders') -%}
    {%- set first_stored = single_value('select min(order_date) from ' ~ stored) if stored and matching_watermark(input) else none -%}
    {#- Where days begin first, it is 14 hours later than UTC. -#}
    {%- set today = (run_started_at + modules.datetime.timedelta(hours=14)).strftime('%Y-%m-%d') -%}
    {%- for name in ['as_of_date', 'baseline_date'] if var(name) is not none -%}
        {%- set day = var(name) | string -%}
        {%- set is_to_come = day > today -%}
        {%- set is_early = first_stored is none or day < first_stored | string -%}
        {%- if is_to_come or is_early -%}
            {%- set first_day, last_day = days_of_input(input, formats) -%}
            {%- if is_to_come and last_day is not none and day > last_day | string -%}
                {{ exceptions.raise_compiler_error(
                    "The setting '" ~ name ~ "' is " ~ day ~ ", a day to come, and " ~ input.name ~ " ends on " ~ last_day
                    ~ ". Set a day that has begun, or leave it out."
                ) }}
            {%- elif is_early and first_day is not none and day < first_day | string -%}
                {{ exceptions.raise_compiler_error(
                    "The setting '" ~ name ~ "' is " ~ day ~ ", but " ~ input.name ~ " begins on " ~ first_day
                    ~ ". Set a later date, or leave it out."
                ) }}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}


{#- The first and the last day that any row of the input tells, rejected or not; none where no row has a date. -#}
{% macro days_of_input(input, formats) -%}
    {%- set query -%}
        with written_dates as (

            select distinct trim(cast({{ input.columns['ordered_at'] }} as varchar)) as date_text
            from {{ input.relation }}

        ),

        days as (

            select cast({{ parse_timestamp('date_text', formats.date_format) }} as date) as logged_date
            from written_dates

        )

        select
            min(logged_date),
            max(logged_date)
        from days
    {%- endset -%}
    {{ return(run_query(query).rows[0]) }}
{%- endmacro %}
