{#- The orders of year, month and day that are found out; the setting `date_format` may name one of them. -#}
{% macro date_orders() -%}
    {{ return(['year-month-day', 'month-day-year', 'day-month-year']) }}
{%- endmacro %}


{#- SQL: a trimmed text as a timestamp (the shop's wall clock), null where it is none. -#}
{% macro parse_timestamp(text, date_format) -%}
    {{ return(adapter.dispatch('parse_timestamp')(text, date_format)) }}
{%- endmacro %}


{% macro default__parse_timestamp(text, date_format) -%}
    {%- if date_format == 'year-month-day' -%}
        {#- DuckDB reads all of ISO 8601 and drops what says where the clock hangs: the shop's day is the wall clock's. -#}
        {%- set sql = 'try_cast(' ~ text ~ ' as timestamp)' -%}
    {%- else -%}
        {%- set formats = numeric_date_formats(date_format) if date_format in date_orders() else [date_format] -%}
        {%- set sql = 'try_strptime(' ~ text ~ ', ' ~ sql_list(formats) ~ ')' -%}
    {%- endif -%}
    {{ return(sql) }}
{%- endmacro %}


{#-
    The strptime formats of an order of day and month: each separator and length of year with each way to write the time.
    Two digits come first: %Y would read '10' as the year 10.
-#}
{% macro numeric_date_formats(order) -%}
    {%- set formats = [] -%}
    {%- for year in ['%y', '%Y'] -%}
        {%- for separator in ['/', '.', '-'] -%}
            {%- set day_and_month = ['%m', '%d'] if order == 'month-day-year' else ['%d', '%m'] -%}
            {%- for time in [' %H:%M', ' %H:%M:%S', '', ' %I:%M %p', ' %I:%M:%S %p', ', %H:%M', ', %H:%M:%S'] -%}
                {%- do formats.append((day_and_month + [year]) | join(separator) ~ time) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(formats) }}
{%- endmacro %}
