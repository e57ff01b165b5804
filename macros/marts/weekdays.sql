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


{#- SQL: the hours of the day; none where all sales are at midnight, as in a log of days. -#}
{% macro hours(sales) %}
    select cast(unnest(range(24)) as integer) as hour_of_day
    where coalesce((select max(hour_of_day) from {{ sales }}), 1) > 0
{%- endmacro %}
