-- The history reports of its last day what `customers` reports, money and all. With an
-- `as_of_date` before it, `customers` is of another day, or uses other rules.
{{ config(tags='refresh') }}

with last_day as (

    select as_of_date
    from {{ ref('int_snapshot_dates') }}
    where is_open

),

versions as (

    select
        last_day.as_of_date,
        min(history.model_version) as model_version
    from {{ ref('segment_history') }} as history
    inner join last_day
        on history.as_of_date = last_day.as_of_date
    group by 1

),

compared_versions as (

    select versions.*
    from versions
    inner join {{ ref('model_versions') }} as model_versions
        on
            versions.model_version = model_versions.model_version
            and model_versions.is_active
    inner join {{ ref('int_as_of_dates') }} as as_of_dates
        on
            as_of_dates.role = 'as_of'
            and versions.as_of_date = as_of_dates.as_of_date

),

reported_and_held as (

    select
        history.customer_id,
        history.rfm_score,
        history.rfm_segment,
        history.broad_segment,
        history.detailed_segment,
        history.recency_days,
        history.frequency,
        history.monetary,
        1 as times_reported
    from {{ ref('segment_history') }} as history
    inner join compared_versions
        on history.as_of_date = compared_versions.as_of_date

    union all

    select
        customers.customer_id,
        customers.rfm_score,
        customers.rfm_segment,
        customers.broad_segment,
        customers.detailed_segment,
        customers.recency_days,
        customers.frequency,
        customers.monetary,
        -1 as times_reported
    from {{ ref('customers') }} as customers
    cross join compared_versions

)

-- Compared in one sum instead of two differences. It is above 0 where only the history has the row.
select
    customer_id,
    rfm_score,
    rfm_segment,
    broad_segment,
    detailed_segment,
    recency_days,
    frequency,
    monetary,
    sum(times_reported) as times_reported
from reported_and_held
group by all
having sum(times_reported) <> 0
