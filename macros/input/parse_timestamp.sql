{#-
    The orders of year, month and day that a build recognises; the setting `date_format` may name
    one of them.
-#}
{% macro date_orders() -%}
    {{ return(['year-month-day', 'month-day-year', 'day-month-year']) }}
{%- endmacro %}


{#-
    All ways to read a date in this run: the known orders, and a strptime format where the setting
    `date_format` is one.
-#}
{% macro date_formats() -%}
    {%- set configured = [var('date_format')] | reject('none') | list -%}
    {{ return(date_orders() + (configured | reject('in', date_orders()) | list)) }}
{%- endmacro %}


{#-
    SQL: a trimmed text as a timestamp (the shop's wall clock), null where it is none. `date_format`
    is SQL that yields one of `date_formats`.
-#}
{% macro parse_timestamp(text, date_format) -%}
    case {{ date_format }}
            {%- for known in date_formats() %}
            when {{ sql_text(known) }} then {{ parse_timestamp_as(text, known) }}
            {%- endfor %}
        end
{%- endmacro %}


{#-
    SQL: a trimmed text as a timestamp, read in one way. Years before 1970 and from 2200 are slips
    of the pen.
-#}
{% macro parse_timestamp_as(text, date_format) -%}
    {{ return(adapter.dispatch('parse_timestamp_as')(text, date_format)) }}
{%- endmacro %}


{% macro default__parse_timestamp_as(text, date_format) -%}
    {%- if date_format == 'year-month-day' -%}
        {#-
            DuckDB reads all of ISO 8601 and drops the offset: the shop's day is the wall clock's.
        -#}
        {{ return(plausible_timestamp('try_cast(' ~ text ~ ' as timestamp)')) }}
    {%- elif date_format not in date_orders() -%}
        {%- set format = sql_text(date_format) -%}
        {{ return(plausible_timestamp('try_strptime(' ~ text ~ ', ' ~ format ~ ')')) }}
    {%- endif -%}
    {#-
        %Y reads '10' as the year 10; what is not plausible is read again as a year of two digits.
    -#}
    {%- set parsed = [] -%}
    {%- for year in ['%Y', '%y'] -%}
        {%- set formats = sql_list(numeric_date_formats(date_format, year)) -%}
        {%- set parsed_text = 'try_strptime(' ~ text ~ ', ' ~ formats ~ ')' -%}
        {%- do parsed.append(plausible_timestamp(parsed_text)) -%}
    {%- endfor -%}
    {{ return('coalesce(' ~ (parsed | join(', ')) ~ ')') }}
{%- endmacro %}


{% macro plausible_timestamp(timestamp) -%}
    {{ return(
        'case when year(' ~ timestamp ~ ') between 1970 and 2199 then ' ~ timestamp ~ ' end'
    ) }}
{%- endmacro %}


{#-
    The strptime formats of an order of day and month: each separator with each way to write the
    time, the usual ones first.
-#}
{% macro numeric_date_formats(order, year) -%}
    {%- set day_and_month = ['%m', '%d'] if order == 'month-day-year' else ['%d', '%m'] -%}
    {%- set formats = [] -%}
    {%- for separator in ['/', '.', '-'] -%}
        {%- for time in [
            ' %H:%M', ' %H:%M:%S', '', ' %I:%M %p', ' %I:%M:%S %p', ', %H:%M', ', %H:%M:%S'
        ] -%}
            {%- do formats.append((day_and_month + [year]) | join(separator) ~ time) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(formats) }}
{%- endmacro %}
