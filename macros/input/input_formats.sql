{#-
    How dates and numbers are written in the input: {'date_format': …, 'decimal_separator': …}. What is not set is found
    out from the first rows, and from all of them where the first leave it open; rows that come later are read as those
    before them. A caller that already asked for the input hands it over.
-#}
{% macro input_formats(input=none) -%}
    {%- set formats = {'date_format': var('date_format'), 'decimal_separator': var('decimal_separator')} -%}
    {%- if execute and none in formats.values() -%}
        {%- set input = input or transactions_input() -%}
        {%- set taken = matching_watermark(input) -%}
        {#- Whole prices tell no decimal separator: the next rows may. -#}
        {%- if taken and not taken.formats.is_guess -%}
            {{ return(taken.formats) }}
        {%- endif -%}
        {%- set seen = written_forms(input, 20000) -%}
        {#- A few wrong dates must not tip the scale: the second-best order has to lag clearly, else all rows are asked. -#}
        {%- if seen.second_best > 0.9 * seen.best -%}
            {%- set seen = written_forms(input, none) -%}
        {%- endif -%}
        {%- if formats.date_format is none -%}
            {%- do validate_date_order(seen, input.name) -%}
            {%- do formats.update({'date_format': seen.best_order}) -%}
        {%- endif -%}
        {%- if formats.decimal_separator is none -%}
            {%- do formats.update({
                'decimal_separator': ',' if seen.with_comma > seen.with_point else '.',
                'is_guess': seen.with_comma + seen.with_point == 0,
            }) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(formats) }}
{%- endmacro %}


{#- What the dates and prices of the input's first `row_limit` rows (none: of all) look like. -#}
{% macro written_forms(input, row_limit) -%}
    {%- set price = input.columns.get('unit_price') or input.columns.get('amount') -%}
    {%- set query -%}
        with written as (

            select
                cast({{ input.columns['ordered_at'] }} as varchar) as date_text,
                cast({{ price }} as varchar) as price_text,
            from {{ input.relation }}
            {% if row_limit is not none -%}
                limit {{ row_limit }}
            {%- endif %}

        ),

        -- Dates repeat: each writing is tried once.
        written_dates as (

            select
                trim(date_text) as date_text,
                count(*) as date_rows,
                count(*) filter (where regexp_matches(price_text, '[0-9],[0-9]{1,2}$')) as with_comma,
                count(*) filter (where regexp_matches(price_text, '[0-9][.][0-9]+$')) as with_point,
            from written
            group by 1

        )

        select
            coalesce(sum(date_rows) filter (where date_text <> ''), 0) as dated_rows,
            min(date_text) filter (where date_text <> '') as example,
            coalesce(sum(with_comma), 0) as with_comma,
            coalesce(sum(with_point), 0) as with_point,
            {% for order in date_orders() -%}
                {{ rows_with(parse_timestamp('date_text', order)) }},
            {% endfor -%}
        from written_dates
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {%- set parsed = [] -%}
    {%- for order in date_orders() -%}
        {%- do parsed.append((row[3 + loop.index] | int, order)) -%}
    {%- endfor -%}
    {%- set ranked = parsed | sort(attribute=0, reverse=true) -%}
    {{ return({
        'dated_rows': row[0] | int,
        'example': row[1],
        'with_comma': row[2] | int,
        'with_point': row[3] | int,
        'best': ranked[0][0],
        'best_order': ranked[0][1],
        'second_best': ranked[1][0],
        'second_order': ranked[1][1],
    }) }}
{%- endmacro %}


{#- SQL: how many rows, of dates that are listed once each, `parsed` reads. -#}
{% macro rows_with(parsed) -%}
    coalesce(sum(date_rows) filter (where {{ parsed }} is not null), 0)
{%- endmacro %}


{% macro validate_date_order(seen, input_name) -%}
    {%- if seen.dated_rows > 0 and seen.best == 0 -%}
        {{ exceptions.raise_compiler_error(
            "The dates of " ~ input_name ~ " are written in no known way, e.g. '" ~ seen.example
            ~ "'. Say how with --vars '{date_format: \"%d. %B %Y\"}' (a strptime format)."
        ) }}
    {%- elif seen.second_best > 0 and seen.second_best > 0.99 * seen.best -%}
        {{ exceptions.raise_compiler_error(
            "The dates of " ~ input_name ~ " could be " ~ seen.best_order ~ " or " ~ seen.second_order ~ ", e.g. '"
            ~ seen.example ~ "'. Say which with --vars '{date_format: " ~ seen.best_order ~ "}'."
        ) }}
    {%- endif -%}
{%- endmacro %}


{#-
    Raises a sentence where the input can't be read, lacks a required column or writes its dates in another way than told: set, or read
    before. Of files that were read before and not written since, nothing is asked again.
-#}
{% macro validate_input() -%}
    {%- if execute -%}
        {%- set input = transactions_input() -%}
        {%- set formats = input_formats(input) -%}
        {%- set is_read_before = matching_watermark(input) is not none -%}
        {%- set known_files = known_files() if is_read_before else {} -%}
        {%- set due = [] -%}
        {%- for file, found in input.files.items() if found is none or found != known_files.get(file) -%}
            {%- do due.append(file) -%}
        {%- endfor -%}
        {%- if due and (is_read_before or var('date_format') is not none) -%}
            {%- do validate_date_format(transactions_input(only=due), formats.date_format, is_read_before) -%}
        {%- endif -%}
        {%- do validate_dates_in_range(input, formats) -%}
        {%- do log('Reading ' ~ input.name ~ ': ' ~ (input.columns | join(', ')) ~ '.', info=true) -%}
        {%- if input.other_sheets -%}
            {%- do log('Sheets with other headings are not read: ' ~ (input.other_sheets | join(', ')) ~ '.', info=true) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#-
    Raises a sentence where the dates of a file are written in another way than they are read. A file that holds no date in any known way is
    no reason to stop where others were read before: its rows are quarantined.
-#}
{% macro validate_date_format(input, date_format, is_read_before) -%}
    {%- set date_text = 'trim(cast(' ~ input.columns['ordered_at'] ~ ' as varchar))' -%}
    {%- set as_read = parse_timestamp('date_text', date_format) -%}
    {%- set as_others = [] -%}
    {%- for order in date_orders() -%}
        {%- do as_others.append(rows_with(parse_timestamp('date_text', order))) -%}
    {%- endfor -%}
    {%- set unfit -%}
        with written_dates as (

            select
                {{ input.source }} as source,
                {{ date_text }} as date_text,
                count(*) as date_rows
            from {{ input.relation }}
            group by 1, 2

        )

        select
            source,
            min(date_text) filter (where {{ as_read }} is null) as example,
            {{ rows_with(as_read) }} = 0 as is_none_read
        from written_dates
        where date_text <> ''
        group by 1
        having
            {{ rows_with(as_read) }} < greatest({{ as_others | join(', ') }})
            {{ 'or ' ~ rows_with(as_read) ~ ' = 0' if not is_read_before }}
        order by 1
        limit 1
    {%- endset -%}
    {%- for source, example, is_none_read in run_query(unfit).rows -%}
        {%- set is_set = var('date_format') is not none -%}
        {{ exceptions.raise_compiler_error(
            ("The setting 'date_format' is " ~ (date_format | tojson) if is_set else "Dates read so far are written as " ~ date_format)
            ~ ", but " ~ ('no date' if is_none_read else 'not every date') ~ " of '" ~ source ~ "' is written so, e.g. '" ~ example ~ "'."
            ~ ('' if is_set else " Write them alike, or say how with --vars '{date_format: …}': then everything is read anew.")
        ) }}
    {%- endfor -%}
{%- endmacro %}
