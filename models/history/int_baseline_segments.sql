-- Who was in which segment on the day that a version was fitted: what later days are compared with.
with versions as (

    select distinct
        dates.rules_version,
        versions.baseline_date
    from {{ ref('int_history_dates') }} as dates
    inner join {{ ref('score_versions') }} as versions
        on dates.rules_version = versions.score_version

),

facts as (

    select
        states.customer_id,
        versions.baseline_date as as_of_date,
        versions.rules_version,
        cast(versions.baseline_date - states.last_kept_order_date as integer) as recency_days,
        states.frequency,
        states.monetary
    from versions
    inner join {{ ref('int_customer_states') }} as states
        on
            versions.baseline_date >= states.valid_from
            and versions.baseline_date <= coalesce(states.valid_until, date '9999-12-31')

),

{{ segments_of('facts') }}

select
    customer_id,
    rules_version,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_segment,
    broad_segment,
    detailed_segment
from segmented
