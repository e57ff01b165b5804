{#-
    SQL: CTEs that say which days of the input are plausible, decided from all of its days. A slip
    of the pen in one year would move the last day of the log, and with it everybody's recency.

    The last of them, `plausible_days`, has one row: `first_day` and `last_day`, with every day
    between them plausible; null where no row has a date. `days` names a relation with one row per
    `day` and its `row_count`.

    The body of the log is the stretch of most rows without a gap of years. What lies beyond a gap,
    seen from there, is implausible where all of this holds:

    - The gap is longer than three years after the body, five years before it, and five times the
      longest gap within it: a shop may close for a year, or sell once a year.
    - It is little: on one or two days, up to 20 rows or 5 % of all; on more days up to 1 %, and
      sparser than the body, for a shop that opens again sells on every day. A single day that
      programs write where they have no date may have any number of rows.
    - The body outweighs it, in days or ten times in rows.
    - All that is implausible at that end is little, too, default days aside: up to 20 rows or 5 %
      of all.

    A setting, `plausible_from` or `plausible_to`, decides its end instead.
-#}
{% macro plausible_days(days) -%}
considered_days as (

    select
        day,
        row_count,
        date_diff('day', lag(day) over (order by day), day) as gap_days
    from {{ days }}
    where
        day >= coalesce({{ date_setting('plausible_from') }}, day)
        and day <= coalesce({{ date_setting('plausible_to') }}, day)

),

totals as (

    select
        sum(row_count) as row_count,
        greatest(20, 0.05 * sum(row_count)) as few_rows
    from considered_days

),

stretches_of_days as (

    select
        *,
        count(*) filter (where gap_days > {{ years_in_days(3) }}) over (
            order by day rows between unbounded preceding and current row
        ) as stretch
    from considered_days

),

stretches as (

    select
        stretch,
        min(day) as first_day,
        max(day) as last_day,
        coalesce(
            max(gap_days) filter (where gap_days <= {{ years_in_days(3) }}), 0
        ) as longest_gap_days,
        count(*) as day_count,
        sum(row_count) as row_count
    from stretches_of_days
    group by 1

),

body as (

    select * from stretches
    order by row_count desc, day_count desc, first_day asc
    limit 1

),

-- The same again, by what is a gap for this log.
parts_of_days as (

    select
        considered_days.*,
        count(*) filter (
            where considered_days.gap_days > greatest(
                5 * body.longest_gap_days,
                case
                    when considered_days.day <= body.first_day then {{ years_in_days(5) }}
                    else {{ years_in_days(3) }}
                end
            )
        ) over (
            order by considered_days.day rows between unbounded preceding and current row
        ) as part
    from considered_days
    cross join body

),

parts as (

    select
        part,
        min(day) as first_day,
        max(day) as last_day,
        count(*) as day_count,
        sum(row_count) as row_count,
        count(*) / (date_diff('day', min(day), max(day)) + 1) as share_of_days,
        count(*) = 1 and min(day) in ({{ default_days() }}) as is_default_day
    from parts_of_days
    group by 1

),

main_part as (

    select parts.*
    from parts
    inner join body
        on body.first_day between parts.first_day and parts.last_day

),

judged_parts as (

    select
        parts.*,
        parts.row_count < main_part.row_count
        and (
            parts.day_count < main_part.day_count or 10 * parts.row_count <= main_part.row_count
        )
        and case
            when parts.is_default_day then true
            when parts.day_count <= 2 then parts.row_count <= totals.few_rows
            else
                parts.row_count <= 0.01 * totals.row_count
                and (parts.day_count < 5 or parts.share_of_days < 0.5 * main_part.share_of_days)
        end as is_stray
    from parts
    cross join main_part
    cross join totals

),

-- A part between others is no end of the log, however little it is.
kept_parts as (

    select
        min(first_day) as first_day,
        max(last_day) as last_day
    from judged_parts
    where not is_stray

),

rows_beyond as (

    select
        sum(judged_parts.row_count) filter (
            where judged_parts.last_day < kept_parts.first_day
        ) as row_count_before,
        sum(judged_parts.row_count) filter (
            where judged_parts.first_day > kept_parts.last_day
        ) as row_count_after
    from judged_parts
    cross join kept_parts
    where not judged_parts.is_default_day

),

most_rows as (

    select least(totals.few_rows, main_part.row_count) as row_count
    from totals
    cross join main_part

),

input_ends as (

    select
        min(day) as first_day,
        max(day) as last_day
    from {{ days }}

),

plausible_days as (

    select
        coalesce(
            {{ date_setting('plausible_from') }},
            case
                when coalesce(rows_beyond.row_count_before, 0) <= most_rows.row_count
                    then kept_parts.first_day
            end,
            input_ends.first_day
        ) as first_day,
        coalesce(
            {{ date_setting('plausible_to') }},
            case
                when coalesce(rows_beyond.row_count_after, 0) <= most_rows.row_count
                    then kept_parts.last_day
            end,
            input_ends.last_day
        ) as last_day
    from input_ends
    left join kept_parts
        on true
    left join rows_beyond
        on true
    left join most_rows
        on true

)
{%- endmacro %}


{#- SQL: the days that programs write where they have no date. -#}
{% macro default_days() -%}
    {%- for day in [
        '1970-01-01', '1980-01-01', '1990-01-01', '2000-01-01', '2001-01-01', '2099-12-31',
        '2100-01-01', '2199-12-31'
    ] -%}
        date '{{ day }}'{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{#-
    Years as a number of days, a leap day more than they may have: five years are not beyond five.
-#}
{% macro years_in_days(years) -%}
    {{ return(years * 365 + (years + 3) // 4) }}
{%- endmacro %}
