{{ config(materialized='view') }}

select
    customer_id,
    as_of_date,
    rfm_score,
    rfm_segment,
    broad_segment,
    detailed_segment,
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
from {{ ref('int_segment_snapshots') }}
where not is_withdrawn
