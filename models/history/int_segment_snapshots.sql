{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_snapshots() }}",
) }}

{%- do validate_history_selection() %}

-- depends_on: {{ ref('int_snapshot_dates') }}
with moves as (

    select * from {{ ref('int_segment_moves') }}

),

scenarios as (

    select
        customer_id,
        as_of_date,
        {{ segments_by_scenario() | indent(8) }}
    from {{ ref('int_counterfactual_segments') }}
    group by 1, 2

),

explained as (

    select
        moves.*,
        {{ segment_cause('rfm') | indent(8) }} as rfm_cause,
        {{ segment_cause('broad') | indent(8) }} as broad_cause,
        {{ segment_cause('detailed') | indent(8) }} as detailed_cause,
        {{ sufficient_causes('rfm') | indent(8) }} as rfm_sufficient_causes,
        {{ sufficient_causes('broad') | indent(8) }} as broad_sufficient_causes,
        {{ sufficient_causes('detailed') | indent(8) }} as detailed_sufficient_causes
    from moves
    left join scenarios
        on
            moves.customer_id = scenarios.customer_id
            and moves.as_of_date = scenarios.as_of_date

)

select * exclude (recency_before, frequency_before, is_new, is_move) from explained
{{ 'where false' if execute and is_incremental() and not writes_history() }}
