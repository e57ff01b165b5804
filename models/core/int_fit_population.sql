{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with pending as (

    {{ pending_versions() | indent(4) }}

),

customers as (

    select
        pending.model_version,
        states.customer_id,
        cast(pending.baseline_date - states.last_net_order_date as integer) as recency_days,
        states.frequency,
        states.monetary
    from {{ ref('int_customer_states_scd2') }} as states
    inner join pending
        on {{ is_valid_on('states', 'pending.baseline_date') }}
    where
        states.frequency > 0
        and {{ takes_part('states') | indent(8) }}

),

population as (

    with {{ within_bounds('customers') | indent(4) }}

)

-- Stored with the version: whatever is fitted from it later has the same customers as they were
-- then.
select
    model_version,
    customer_id,
    recency_days,
    frequency,
    monetary
from population
where is_fitted
