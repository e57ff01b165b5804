{{ config(pre_hook="{{ tell_look_back() }}") }}

{%- set told = processed_history() %}

with as_of_dates as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

first_day as (

    select min(event_date) as first_date
    from {{ ref('int_order_events_daily') }}

),

months as (

    select
        as_of_dates.as_of_date as last_date,
        unnest(generate_series(
            date_trunc('month', first_day.first_date), cast(as_of_dates.as_of_date as timestamp), interval 1 month
        )) as month_start
    from first_day
    cross join as_of_dates

),

dates as (

    select cast(last_day(month_start) as date) as as_of_date
    from months
    where last_day(month_start) <= last_date

    union

    select as_of_dates.as_of_date
    from as_of_dates
    inner join first_day
        on as_of_dates.as_of_date >= first_day.first_date

),

-- A month is told with the newest version that was fitted by its end; months before all versions look back with the first.
versioned as (

    select
        dates.as_of_date,
        coalesce(
            max(versions.model_version) filter (where versions.baseline_date <= dates.as_of_date),
            min(versions.model_version)
        ) as model_version,
        min(versions.baseline_date) > dates.as_of_date as is_backfilled
    from dates
    cross join {{ ref('int_history_versions') }} as versions
    group by 1

),

told_dates as (

    {% if told %}
    select
        as_of_date,
        model_version
    from {{ told.dates }}
    {% else %}
    select
        as_of_date,
        model_version
    from versioned
    where false
    {% endif %}

),

compared as (

    select
        versioned.*,
        told_dates.as_of_date is null and {{ 'false' if told and told.is_look else 'true' }} as is_untold
    from versioned
    left join told_dates
        on
            versioned.as_of_date = told_dates.as_of_date
            and versioned.model_version = told_dates.model_version

)

select
    as_of_date,
    lag(as_of_date) over by_date as previous_date,
    model_version,
    as_of_date = last_day(as_of_date) as is_month_end,
    -- What the last day brings may still come: what is told of it otherwise later is no restatement.
    as_of_date = max(as_of_date) over () as is_open,
    is_backfilled,
    -- Who moved on a day depends on the day before it too.
    is_untold or coalesce(lag(is_untold) over by_date, false) as is_due
from compared
window by_date as (order by as_of_date)
