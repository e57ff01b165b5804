{{ config(materialized='view') }}

with snapshots as (

    {{ snapshots_with_custom_segments() | indent(4) }}

)

select
    customer_id,
    as_of_date,
    rfm_score,
    rfm_segment,
    broad_segment,
    detailed_segment,
    custom_segment,
    restated_by,
    original_rfm_segment,
    original_broad_segment,
    original_detailed_segment,
    model_version,
    recency_days,
    frequency,
    monetary,
    recency_score,
    frequency_score,
    monetary_score,
    is_month_end,
    is_backfilled
from snapshots
