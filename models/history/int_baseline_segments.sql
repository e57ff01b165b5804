-- Who was in which segment on the day that a version was fitted: what later days are compared with.
with versions as (

    select distinct
        dates.rules_version,
        versions.baseline_date as as_of_date
    from {{ ref('history_dates_told') }} as dates
    inner join {{ ref('score_versions') }} as versions
        on dates.rules_version = versions.score_version

),

facts as (

    select
        states.customer_id,
        versions.as_of_date,
        versions.rules_version,
        cast(versions.as_of_date - states.last_kept_order_date as integer) as recency_days,
        states.frequency,
        states.monetary
    from versions
    inner join {{ ref('int_customer_states') }} as states
        on
            versions.as_of_date >= states.valid_from
            and versions.as_of_date <= coalesce(states.valid_until, date '9999-12-31')

),

{{ segments_of('facts') }}

select
    customer_id,
    rfm_segment,
    broad_segment,
    detailed_segment,
    cast(rules_version as integer) as rules_version,
    cast(recency_score as integer) as recency_score,
    cast(frequency_score as integer) as frequency_score,
    cast(monetary_score as integer) as monetary_score
from segmented
