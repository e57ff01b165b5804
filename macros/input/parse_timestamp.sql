{#-
    The ways to write a date that a build recognises; the setting `date_format` may name one of
    them. No text is read by two of them, but for the order of day and month.
-#}
{% macro date_orders() -%}
    {{ return([
        'year-month-day', 'month-day-year', 'day-month-year', 'month-name',
        'unix-seconds', 'unix-milliseconds', 'unix-microseconds', 'unix-nanoseconds', 'excel-serial'
    ]) }}
{%- endmacro %}


{#-
    All ways to read a date in this run: those known, and a strptime format where the setting
    `date_format` is one.
-#}
{% macro date_formats() -%}
    {%- set configured = [setting('date_format')] | reject('none') | list -%}
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
    SQL: as `parse_timestamp_as`, for texts of which many are written in another way: to find out
    that a text is in none of the forms of an order takes longest.
-#}
{% macro try_timestamp_as(text, date_format) -%}
    {%- set impossible = {
        'month-day-year': '^([0-9]{4}|(1[3-9]|[2-9][0-9])[-/.])',
        'day-month-year': '^([0-9]{4}|[0-9]{1,2}[-/.](1[3-9]|[2-9][0-9])[-/.])',
    } -%}
    {%- set parsed = parse_timestamp_as(text, date_format) -%}
    {%- if date_format in impossible -%}
    case when not regexp_matches({{ text }}, '{{ impossible[date_format] }}') then {{ parsed }} end
    {%- else -%}
    {{- parsed -}}
    {%- endif -%}
{%- endmacro %}


{#-
    SQL: a trimmed text as a timestamp, read in one way. All of the text is read, or none: what
    stands behind a date may change it. Years before 1970 and from 2200 are slips of the pen.
-#}
{% macro parse_timestamp_as(text, date_format) -%}
    {{ return(adapter.dispatch('parse_timestamp_as')(text, date_format)) }}
{%- endmacro %}


{% macro default__parse_timestamp_as(text, date_format) -%}
    {%- if date_format == 'year-month-day' -%}
        {{ return(iso_timestamp(text)) }}
    {%- elif date_format == 'month-name' -%}
        {{ return(timestamp_with_month_name(text)) }}
    {%- elif date_format == 'excel-serial' or date_format.startswith('unix-') -%}
        {{ return(plausible_timestamp(timestamp_of_number(text, date_format))) }}
    {%- elif date_format not in date_orders() -%}
        {{ return(plausible_timestamp(timestamp_in_formats(text, [date_format]))) }}
    {%- endif -%}
    {#-
        %Y reads '10' as the year 10; what is not plausible is read again as a year of two digits.
        The rest is rare, and slower.
    -#}
    {%- set parsed = [] -%}
    {%- for year in ['%Y', '%y'] -%}
        {%- set parsed_text = timestamp_in_formats(
            text, numeric_date_formats(date_format, year)
        ) -%}
        {%- do parsed.append(plausible_timestamp(parsed_text)) -%}
    {%- endfor -%}
    {%- set day_and_month = '\\2-\\1' if date_format == 'day-month-year' else '\\1-\\2' -%}
    {%- set turned = (
        'regexp_replace(' ~ text
        ~ ", '^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})([^0-9].*)$', "
        ~ "'@\\3-" ~ day_and_month ~ "\\4')"
    ) -%}
    {%- do parsed.append(decorated_timestamp(turned, '@')) -%}
    {{ return('coalesce(' ~ (parsed | join(', ')) ~ ')') }}
{%- endmacro %}


{#-
    SQL: a text in one of several formats as a timestamp. What stands before it keeps words from
    being read that DuckDB knows as timestamps, whatever the format, such as epoch and infinity.
-#}
{% macro timestamp_in_formats(text, formats) -%}
    {%- set marked = [] -%}
    {%- for format in formats -%}
        {%- do marked.append('# ' ~ format) -%}
    {%- endfor -%}
    {{ return("try_strptime('# ' || " ~ text ~ ', ' ~ sql_list(marked) ~ ')') }}
{%- endmacro %}


{% macro plausible_timestamp(timestamp) -%}
    {{ return(
        'case when year(' ~ timestamp ~ ') between 1970 and 2199 then ' ~ timestamp ~ ' end'
    ) }}
{%- endmacro %}


{#-
    SQL: year, month and day as a timestamp, null for any other text. Plain texts are cast; the
    expensive way is for the rest.
-#}
{% macro iso_timestamp(text) -%}
    {%- set time = '[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?' -%}
    {%- set plain = '[0-9]{4}-[0-9]{2}-[0-9]{2}(' ~ time ~ ')?' -%}
    case
        when regexp_full_match({{ text }}, '{{ plain }}')
            then {{ plausible_timestamp('try_cast(' ~ text ~ ' as timestamp)') }}
        when regexp_full_match({{ text }}, '[0-9]{8}([0-9]{6})?')
            then {{ plausible_timestamp(
                'try_strptime(' ~ text ~ ", ['%Y%m%d', '%Y%m%d%H%M%S'])"
            ) }}
        else {{ decorated_timestamp(western_date(text), '') }}
    end
{%- endmacro %}


{#-
    SQL: a Japanese date (2025年3月4日 14時05分, 令和7年3月4日) with signs between its parts instead of
    words; other texts as they are. Years of an era count from its first one, which may be written
    as 元.
-#}
{% macro western_date(text) -%}
    {%- set eras = {'令和': 2018, '平成': 1988, '昭和': 1925} -%}
    {%- set day = '([0-9]{4}) ?年 ?([0-9]{1,2}) ?月 ?([0-9]{1,2}) ?日(?: ?[(（][^)）]*[)）])? ?' -%}
    {%- set year_of_era = (
        "try_cast(replace(regexp_extract(" ~ text ~ ", '^.. ?(元|[0-9]{1,2}) ?年', 1), '元', '1')"
        ~ " as integer)"
    ) -%}
    {%- set years = [] -%}
    {%- for era, before in eras.items() -%}
        {%- do years.append(
            "when starts_with(" ~ text ~ ", '" ~ era ~ "') then concat("
            ~ before ~ " + " ~ year_of_era ~ ", regexp_replace(" ~ text ~ ", '^[^年]*', ''))"
        ) -%}
    {%- endfor -%}
    {%- set with_year = 'case ' ~ (years | join(' ')) ~ ' else ' ~ text ~ ' end' -%}
    {%- set dashed = "regexp_replace(" ~ with_year ~ ", '^" ~ day ~ "', '\\1-\\2-\\3 ')" -%}
    {%- set timed = "replace(replace(replace(" ~ dashed ~ ", '時', ':'), '分', ':'), '秒', '')" -%}
    case
        when contains({{ text }}, '年') then regexp_replace({{ timed }}, '[ :]+$', '')
        else {{ text }}
    end
{%- endmacro %}


{#-
    SQL: a date with the name of the month, in one of the usual orders, as a timestamp. The name
    stands before the year until it is looked up: a text in which it is none stays unread.
-#}
{% macro timestamp_with_month_name(text) -%}
    {%- set month = '([^0-9\\s.,:;/@#-]+)' -%}
    {#- Only these words have two cases: a pattern without is compiled much sooner. -#}
    {%- set start = '^(?:(?i:mon|tue|wed|thu|fri|sat|sun)[A-Za-z]*,? +)?' -%}
    {%- set day = '([0-9]{1,2})(?i:st|nd|rd|th|er)?' -%}
    {%- set of = '(?:[.]?,? (?:de )?|[.]|[.]?-)' -%}
    {%- set year = '([0-9]{4}|[0-9]{2})(?: ?г[.]?)?((?:[^0-9].*)?)$' -%}
    {%- set day_first = start ~ day ~ of ~ month ~ of ~ year -%}
    {%- set month_first = start ~ month ~ '(?: |[.] ?|-)' ~ day ~ '(?:,? |-)' ~ year -%}
    {%- set turned = (
        'regexp_replace(regexp_replace(' ~ text ~ ", '" ~ day_first ~ "', '\\2@\\3#\\1\\4'), '"
        ~ month_first ~ "', '\\1@\\3#\\2\\4')"
    ) -%}
    {%- set number = month_number('lower(regexp_extract(' ~ turned ~ ", '^([^@]+)@', 1))") -%}
    {%- set numbered = 'replace(' ~ turned ~ ", '#', concat('-', " ~ number ~ ", '-'))" -%}
    {{ return(decorated_timestamp(numbered, '[^0-9@]+@')) }}
{%- endmacro %}


{#-
    SQL: a text that begins with `mark` (a pattern), year, month and day as a timestamp, also with
    other separators, with AM or PM in any form, and with a time zone. The zone is dropped, because
    the shop's day is the wall clock's. AM and PM may stand beside hours of 24 where both agree, as
    in 15:30 PM. The pattern knows which years are plausible, and formats with two digits for the
    year read none of four: so the text is turned once, as DuckDB compiles each pattern at each
    place.
-#}
{% macro decorated_timestamp(text, mark) -%}
    {%- set blank = '[\\s\\x{00A0}\\x{202F}]' -%}
    {%- set half = blank ~ '*([ap])[.]?' ~ blank ~ '?m(?:[.]|\\b)' -%}
    {%- set zones = [
        '(?:utc|gmt)?[+-][0-9]{2}(?::?[0-9]{2})?(?:\\[[a-z_/]+\\])?', 'z(?:\\[[a-z_/]+\\])?',
        'utc|gmt|wes?t|cet|cest|eet|eest|msk|bst|[ecmp][sd]t|ak[sd]t|hst|ist|jst|kst',
        'ae[sd]t|ac[sd]t|awst|nz[sd]t|brt|sast', '[a-z_]+/[a-z_/]+'
    ] -%}
    {%- set pattern = (
        '(?i)^' ~ mark ~ '(19[7-9][0-9]|2[01][0-9]{2}' ~ ('|[0-57-9][0-9]|6[0-8]' if mark) ~ ')'
        ~ '[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})'
        ~ '(?:(?:t|,?' ~ blank ~ '+)'
        ~ '([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,]([0-9]{1,6})[0-9]*)?'
        ~ '(?:' ~ half ~ ')?'
        ~ '(?:' ~ blank ~ '*(?:' ~ (zones | join('|')) ~ '))?)?$'
    ) -%}
    {%- set agreeing = (
        '(?i)([^0-9:](?:00:[0-9:.]+))' ~ blank ~ '*am$'
        ~ '|([^0-9:](?:1[3-9]|2[0-3]):[0-9:.]+)' ~ blank ~ '*pm$'
    ) -%}
    {%- set canonical = (
        'regexp_replace(regexp_replace(' ~ text ~ ", '" ~ agreeing ~ "', '\\1\\2'), '"
        ~ pattern ~ "', '#\\1-\\2-\\3 \\4.\\5 \\6M')"
    ) -%}
    {%- set formats = [] -%}
    {%- for year in (['%y', '%Y'] if mark else ['%Y']) -%}
        {%- for time in [
            '. M', '%H:%M. M', '%H:%M:%S. M', '%H:%M:%S.%f M', '%I:%M. %p', '%I:%M:%S. %p',
            '%I:%M:%S.%f %p'
        ] -%}
            {%- do formats.append('#' ~ year ~ '-%m-%d ' ~ time) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(timestamp_in_formats(canonical, formats)) }}
{%- endmacro %}


{#-
    SQL: a number as a timestamp: seconds or parts of them since 1970 (UTC), or days since 1900 as
    spreadsheets count them. The range of each is that of years after 1970, so they don't meet.
-#}
{% macro timestamp_of_number(text, date_format) -%}
    {%- set number = "replace(" ~ text ~ ", ',', '.')" -%}
    {%- if date_format == 'excel-serial' -%}
    case
        when
            regexp_full_match({{ text }}, '[0-9]{5,6}([.,][0-9]*)?')
            and try_cast({{ number }} as double) between 25569 and 109574
            then timestamp '1899-12-30 00:00:00'
                + to_seconds(cast(round(try_cast({{ number }} as double) * 86400) as bigint))
    end
    {%- else -%}
    {%- set digits, microseconds = {
        'unix-seconds': ('9,10', '1000000'),
        'unix-milliseconds': ('12,13', '1000'),
        'unix-microseconds': ('15,16', '1'),
        'unix-nanoseconds': ('18,19', '0.001'),
    }[date_format] -%}
    case
        when regexp_full_match({{ text }}, '[0-9]{ {{- digits -}} }([.][0-9]*)?')
            then make_timestamp(
                cast(try_cast({{ text }} as decimal(25, 6)) * {{ microseconds }} as bigint)
            )
    end
    {%- endif -%}
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
