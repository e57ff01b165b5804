{%- set told = history_told() %}

with as_of_dates as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

first_day as (

    select min(event_date) as first_date
    from {{ ref('int_order_days') }}

),

month_ends as (

    select cast(last_day(months.month_start_date) as date) as as_of_date
    from (
        select
            unnest(generate_series(
                date_trunc('month', first_day.first_date), cast(as_of_dates.as_of_date as timestamp), interval 1 month
            )) as month_start_date
        from first_day
        cross join as_of_dates
    ) as months

),

dates as (

    select month_ends.as_of_date
    from month_ends
    inner join as_of_dates
        on month_ends.as_of_date <= as_of_dates.as_of_date

    union

    select as_of_dates.as_of_date
    from as_of_dates
    inner join first_day
        on as_of_dates.as_of_date >= first_day.first_date

),

score_versions as (

    select * from {{ ref('score_versions') }}

),

own_versions as (

    {{ versions_of_this_shop('score_versions') | indent(4) }}

),

-- A build that was cut off before its rules told nobody anything.
versions as (

    select
        own_versions.score_version,
        own_versions.baseline_date
    from own_versions
    inner join (select distinct rules_version from {{ ref('segment_rules') }}) as stored
        on own_versions.score_version = stored.rules_version
    where own_versions.is_usable

),

-- A month is told with the newest version that was fitted by its end; months before all versions look back with the first.
versioned as (

    select
        dates.as_of_date,
        coalesce(
            max(versions.score_version) filter (where versions.baseline_date <= dates.as_of_date),
            min(versions.score_version)
        ) as rules_version,
        min(versions.baseline_date) > dates.as_of_date as is_looked_back
    from dates
    cross join versions
    group by 1

)

select
    versioned.as_of_date,
    lag(versioned.as_of_date) over (order by versioned.as_of_date) as previous_date,
    versioned.rules_version,
    versioned.as_of_date = last_day(versioned.as_of_date) as is_month_end,
    -- What the last day brings may still come: it is told anew until a later day is.
    versioned.as_of_date = max(versioned.as_of_date) over () as is_open,
    versioned.is_looked_back,
    {% if not told %}
    true as is_due
    {% elif told.is_look %}
    false as is_due
    {% else %}
    dates_told.as_of_date is null as is_due
    {% endif %}
from versioned
{% if told %}
left join {{ told.dates }} as dates_told
    on
        versioned.as_of_date = dates_told.as_of_date
        and versioned.rules_version = dates_told.rules_version
{% endif %}
