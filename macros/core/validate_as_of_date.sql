{#-
    Raises a sentence where no customer had placed an order by `as_of_date`: rows that are rejected
    may be older than the first one.
-#}
{% macro validate_as_of_date() -%}
    {%- if execute and var('as_of_date') is not none and flags.WHICH in ['build', 'run'] -%}
        {%- set first_day = single_value(
            'select min(cast(ordered_at as date)) from ' ~ ref('int_transactions_flagged')
            ~ ' where rejection_reason is null and not is_cancellation'
        ) -%}
        {%- if first_day is not none and var('as_of_date') | string < first_day | string -%}
            {{ exceptions.raise_compiler_error(
                "The setting 'as_of_date' is " ~ var('as_of_date')
                ~ ", but no customer had placed an order by then: the first order is of "
                ~ first_day ~ ". Set a later date, or leave it out."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
