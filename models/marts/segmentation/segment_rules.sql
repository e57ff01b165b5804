{{ config(materialized='view') }}

select
    segmentation,
    segment,
    rule_text,
    clustering,
    settings,
    model_version,
    rule_number,
    recency_min,
    recency_max,
    frequency_min,
    frequency_max,
    monetary_min,
    monetary_max,
    support,
    confidence,
    customers_fitted,
    baseline_date
from {{ ref('int_segment_rules') }}
