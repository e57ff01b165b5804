with facts as (

    select
        facts.as_of_date,
        facts.customer_id,
        versions.model_version,
        facts.recency_days,
        facts.frequency,
        facts.monetary,
        versions.baseline_date > facts.as_of_date as is_backfilled
    from {{ ref('int_customer_facts') }} as facts
    inner join {{ ref('model_versions') }} as versions
        on versions.is_active
    where
        facts.is_current
        and facts.frequency > 0

),

{{ assign_segments('facts') }}

select
    as_of_date,
    customer_id,
    rfm_score,
    rfm_segment,
    broad_segment,
    detailed_segment,
    model_version,
    broad_rule,
    detailed_rule,
    recency_score,
    frequency_score,
    monetary_score,
    percent_rank() over (order by recency_days desc) as recency_percent_rank,
    percent_rank() over (order by frequency) as frequency_percent_rank,
    percent_rank() over (order by monetary) as monetary_percent_rank,
    broad_confidence,
    detailed_confidence,
    is_backfilled
from segmented
