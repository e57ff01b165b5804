{{ config(pre_hook=["{{ validate_stored_rules() }}", "{{ log_earlier_as_of_date() }}"]) }}

with as_of as (

    select as_of_date
    from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

versions as (

    {{ history_versions() | indent(4) }}

),

first_day as (

    select min(event_date) as first_date
    from {{ ref('int_order_events_daily') }}

),

-- Not materialized: DuckDB would store the history, as it is read more than once.
reported as not materialized (

    {{ reported_snapshots() | indent(4) }}

),

-- Another shop's history counts for nothing. A shop is known by its versions.
reported_versions as (

    select
        reported.model_version,
        bool_or(versions.model_version is not null) as is_of_this_shop
    from reported
    left join versions
        on reported.model_version = versions.model_version
    group by 1

),

-- The dates that earlier builds reported.
reported_dates as (

    select
        as_of_date,
        model_version,
        is_backfilled,
        max(previous_date) as previous_date,
        max(previous_version) as previous_version
    from reported
    where (select bool_or(reported_versions.is_of_this_shop) from reported_versions)
    group by 1, 2, 3

),

last_reported as (

    select max(as_of_date) as last_date from reported_dates

),

score_map as (

    {{ rfm_score_map() | indent(4) }}

),

cut_points as (

    {{ cut_points_by_version(ref('rfm_cut_points')) | indent(4) }}

),

-- Whether the seed gives customers of the last reported date another segment by now.
renamed as (

    select
        coalesce(
            bool_or(
                reported.rfm_segment
                is distinct from {{ rfm_segment('score_map', 'reported') | indent(16) }}
            ),
            false
        ) as is_renamed
    from reported
    inner join last_reported
        on reported.as_of_date = last_reported.last_date
    left join cut_points
        on reported.model_version = cut_points.model_version
    left join score_map
        on
            {{ is_cell_of('score_map', 'reported', 'cut_points') | indent(12) }}
    where reported.recency_score is not null

),

-- With an `as_of_date` before the last reported date, a build leaves the history as it is.
direction as (

    select
        as_of.as_of_date,
        last_reported.last_date as last_reported_date,
        {{ 'false' if var('as_of_date') is none else 'true' }}
        and coalesce(as_of.as_of_date < last_reported.last_date, false) as is_earlier_as_of_date
    from as_of
    cross join last_reported

),

months as (

    select
        unnest(generate_series(
            date_trunc('month', first_day.first_date),
            cast(direction.as_of_date as timestamp),
            interval 1 month
        )) as month_start
    from first_day
    cross join direction
    where not direction.is_earlier_as_of_date

),

dates as (

    select cast(last_day(months.month_start) as date) as as_of_date
    from months
    inner join as_of
        on last_day(months.month_start) <= as_of.as_of_date

    union

    select direction.as_of_date
    from direction
    inner join first_day
        on direction.as_of_date >= first_day.first_date
    where not direction.is_earlier_as_of_date

),

versioned as (

    {{ versions_by_date('dates') | indent(4) }}

),

followed as (

    select
        *,
        lag(as_of_date) over (order by as_of_date) as previous_date,
        lag(model_version) over (order by as_of_date) as previous_version
    from versioned

),

-- A date is due unless all of it was reported with the same version, and so was the date before it:
-- who moved depends on both.
compared as (

    select
        followed.*,
        count(reported_dates.as_of_date) = 1
        and bool_and(
            followed.model_version = reported_dates.model_version
            and followed.is_backfilled = reported_dates.is_backfilled
            and followed.previous_date is not distinct from reported_dates.previous_date
            and followed.previous_version is not distinct from reported_dates.previous_version
        ) as is_unchanged,
        count(reported_dates.as_of_date) > 0 as was_reported
    from followed
    left join reported_dates
        on followed.as_of_date = reported_dates.as_of_date
    group by all

),

snapshot_dates as (

    select
        as_of_date,
        previous_date,
        model_version,
        previous_version,
        is_backfilled,
        was_reported,
        not is_unchanged as is_due
    from compared

    union all

    select
        reported_dates.as_of_date,
        reported_dates.previous_date,
        reported_dates.model_version,
        reported_dates.previous_version,
        reported_dates.is_backfilled,
        true as was_reported,
        false as is_due
    from reported_dates
    inner join direction
        on direction.is_earlier_as_of_date

)

select
    snapshot_dates.as_of_date,
    snapshot_dates.previous_date,
    snapshot_dates.model_version,
    snapshot_dates.previous_version,
    snapshot_dates.as_of_date = last_day(snapshot_dates.as_of_date) as is_month_end,
    -- The last day may still bring more. A change of its report is no restatement.
    snapshot_dates.as_of_date = max(snapshot_dates.as_of_date) over () as is_open,
    snapshot_dates.was_reported
    and snapshot_dates.as_of_date < direction.last_reported_date as was_closed,
    snapshot_dates.was_reported,
    snapshot_dates.is_backfilled,
    -- A date that was over and is the last one again, after a clock that ran ahead, is open again.
    -- The last date has the names of today, as `customers` does; dates that are over keep theirs.
    snapshot_dates.is_due
    or (
        is_open
        and not direction.is_earlier_as_of_date
        and (was_closed or renamed.is_renamed)
    ) as is_due,
    direction.is_earlier_as_of_date
from snapshot_dates
cross join direction
cross join renamed
