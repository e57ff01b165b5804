{#- Few rows so long after all others, or before them, are worth a look. -#}
{%- set lone_after_days = 90 %}
{%- set least_days = 10 %}
{#- A day of so many rows, all at one time, where days are many. -#}
{%- set crowded_share = 0.05 %}
{%- set crowded_ratio = 20 %}
{%- set crowded_least_days = 30 %}

-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}

),

implausible as (

    select
        'implausible_dates' as kind,
        'ordered_at' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(rejection_detail) as example,
        'They lie far outside the other dates. If they are right, say so with plausible_from or'
        || ' plausible_to.' as suggestion
    from transactions
    where rejection_reason = 'implausible_date'
    having count(*) > 0

),

days as (

    select
        cast(ordered_at as date) as day,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(ordered_at) = max(ordered_at) as has_one_time
    from transactions
    where
        ordered_at is not null
        and coalesce(rejection_reason, '') not in ('unreadable', 'implausible_date')
    group by 1

),

gaps as (

    select
        *,
        day - lag(day) over (order by day) as gap_days,
        row_number() over (order by day) as day_number,
        count(*) over () as day_count,
        greatest(20, 0.05 * sum(row_count) over ()) as few_rows
    from days

),

-- For each gap: what lies before it and after it, and the longest gap but for the ends of the log.
ends as (

    select
        *,
        lag(day) over (order by day) as day_before,
        sum(row_count) over earlier as rows_before,
        sum(amount) over earlier as amount_before,
        sum(row_count) over later as rows_after,
        sum(amount) over later as amount_after,
        max(gap_days) filter (
            where day_number > 3 and day_count - day_number > 1
        ) over () as longest_gap_days
    from gaps
    window
        earlier as (order by day rows between unbounded preceding and 1 preceding),
        later as (order by day rows between current row and unbounded following)

),

-- The earliest gap counts: all that lies behind it is in doubt. An end that is set is none.
lone_last_dates as (

    select * from ends
    where
        {{ date_setting('plausible_to') }} is null
        and day_number > {{ least_days }}
        and day_count - day_number < 2
        and rows_after <= few_rows
        and gap_days > greatest({{ lone_after_days }}, 5 * longest_gap_days)
    qualify row_number() over (order by day) = 1

),

lone_first_dates as (

    select * from ends
    where
        {{ date_setting('plausible_from') }} is null
        and day_count - day_number >= {{ least_days }}
        and day_number between 2 and 3
        and rows_before <= few_rows
        and gap_days > greatest({{ lone_after_days }}, 5 * longest_gap_days)
    qualify row_number() over (order by day desc) = 1

),

lone_dates as (

    select
        'lone_dates' as kind,
        'ordered_at' as column_name,
        rows_after as row_count,
        amount_after as amount,
        concat(day, ', ', gap_days, ' days after all others') as example,
        concat(
            'They are the last days of the log, and everybody is counted from there. If they are',
            ' wrong, set plausible_to: ', day_before, '.'
        ) as suggestion
    from lone_last_dates

    union all

    select
        'lone_dates' as kind,
        'ordered_at' as column_name,
        rows_before as row_count,
        amount_before as amount,
        concat(day_before, ', ', gap_days, ' days before all others') as example,
        concat(
            'They are the first days of the log. If they are wrong, set plausible_from: ', day, '.'
        ) as suggestion
    from lone_first_dates

),

typical_day as (

    select
        count(*) as day_count,
        sum(row_count) as row_count,
        median(row_count) as median_row_count
    from days

),

-- A default date, where the real one is missing.
crowded_days as (

    select
        'crowded_days' as kind,
        'ordered_at' as column_name,
        days.row_count,
        days.amount,
        cast(days.day as varchar) as example,
        'So many rows of one day and time: a date that stands where the real one is missing? Then'
        || ' leave it out of the export.' as suggestion
    from days
    cross join typical_day
    where
        days.has_one_time
        and typical_day.day_count >= {{ crowded_least_days }}
        and days.row_count > {{ crowded_share }} * typical_day.row_count
        and days.row_count > {{ crowded_ratio }} * typical_day.median_row_count

),

warnings as (

    select * from implausible

    union all

    select * from lone_dates

    union all

    select * from crowded_days

)

select
    kind,
    column_name,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    example,
    suggestion
from warnings
