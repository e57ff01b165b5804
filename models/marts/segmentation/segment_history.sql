{{ config(materialized='view') }}

-- depends_on: {{ ref('custom_segments') }}
-- depends_on: {{ ref('int_customer_states_scd2') }}
with snapshots as (

    select * from {{ ref('int_segment_snapshots') }}
    where not is_withdrawn

),

{% if custom_segments() %}
custom_snapshots as (

    {{ custom_snapshots() | indent(4) }}

),

labelled as (

    select
        snapshots.*,
        custom_snapshots.custom_segment
    from snapshots
    left join custom_snapshots
        on
            snapshots.customer_id = custom_snapshots.customer_id
            and snapshots.as_of_date = custom_snapshots.as_of_date

)
{% else %}
labelled as (

    select
        *,
        {{ custom_segment() }} as custom_segment
    from snapshots

)
{% endif %}

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
from labelled
