{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    full_refresh=false,
) }}

{%- do validate_participation(ref('int_customer_states_scd2')) %}

with pending as (

    {{ pending_versions() | indent(4) }}

),

population as (

    select
        cast(pending.baseline_date - states.last_net_order_date as decimal(18, 2)) as recency_days,
        cast(states.frequency as decimal(18, 2)) as frequency,
        states.monetary,
        states.country
    from {{ ref('int_customer_states_scd2') }} as states
    inner join pending
        on {{ is_valid_on('states', 'pending.baseline_date') }}
    where
        states.frequency > 0
        and {{ takes_part('states') | indent(8) }}

),

{{ fit_cut_points('population') }}

select
    pending.model_version,
    cut_points.measure,
    cut_points.cut_number,
    cast(cut_points.cut_point as decimal(18, 2)) as cut_point,
    cut_points.score_group
from cut_points
cross join pending
