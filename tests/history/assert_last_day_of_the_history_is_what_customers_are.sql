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

reported as (

    select
        history.customer_id,
        history.rfm_score,
        history.rfm_segment,
        history.broad_segment,
        history.detailed_segment,
        history.recency_days,
        history.frequency,
        history.monetary
    from {{ ref('segment_history') }} as history
    inner join compared_versions
        on history.as_of_date = compared_versions.as_of_date

),

customers as (

    select
        customers.customer_id,
        customers.rfm_score,
        customers.rfm_segment,
        customers.broad_segment,
        customers.detailed_segment,
        customers.recency_days,
        customers.frequency,
        customers.monetary
    from {{ ref('customers') }} as customers
    cross join compared_versions

)

(
    select
        'only in the history' as failure_reason,
        reported.*
    from (
        select * from reported
        except
        select * from customers
    ) as reported
)

union all

(
    select
        'only in customers' as failure_reason,
        customers.*
    from (
        select * from customers
        except
        select * from reported
    ) as customers
)
