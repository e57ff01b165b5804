{#- Raises a sentence where `baseline_date` lies before anything that could be fitted. -#}
{% macro validate_baseline_date() -%}
    {%- if execute and var('baseline_date') is not none and flags.WHICH in ['build', 'run'] -%}
        {%- set first_day = single_value('select min(order_date) from ' ~ ref('int_orders')) -%}
        {%- set fitted = single_value(
            'select count(*) from ' ~ ref('int_order_states_scd2')
            ~ ' as states where states.is_net and '
            ~ is_valid_on('states', date_setting('baseline_date'))
        ) -%}
        {%- if fitted == 0 and first_day is not none -%}
            {{ exceptions.raise_compiler_error(
                "The setting 'baseline_date' is " ~ var('baseline_date')
                ~ ", but no customer had a net order by then: the first order is of "
                ~ first_day ~ ". Set a later date."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
