{#- The seven days of the week, Monday first, as rows. -#}
{% macro weekdays() %}
    select
        cast(number as integer) as weekday_number,
        weekday
    from (values
        (1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'),
        (5, 'Friday'), (6, 'Saturday'), (7, 'Sunday')
    ) as listed (number, weekday)
{%- endmacro %}
