{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with first_orders as (

    select min(order_date) as first_order_date
    from {{ ref('int_orders') }}

)

select
    evaluations.segmentation,
    evaluations.model,
    evaluations.settings,
    evaluations.metric,
    due.model_version,
    evaluations.fold,
    evaluations.value,
    evaluations.sample_size,
    evaluations.is_baseline,
    first_orders.first_order_date,
    due.baseline_date
from {{ ref('rule_cross_validation') }} as evaluations
cross join {{ ref('int_pending_fits') }} as due
cross join first_orders
{{ skip_existing_version('due') }}
