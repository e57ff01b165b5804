{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_snapshots() }}",
    meta={'bytes_per_customer_and_date': 225},
) }}

{%- do validate_history_selection() %}

-- depends_on: {{ ref('int_snapshot_dates') }}
with moves as (

    select * from {{ ref('int_segment_moves') }}
    where {{ is_in_part() }}

),

-- What the causes need to know of moves: the whole rows of all snapshots would be held in memory.
moves_between as (

    select
        customer_id,
        as_of_date,
        rfm_before,
        rfm_segment,
        broad_before,
        broad_segment,
        detailed_before,
        detailed_segment
    from {{ ref('int_segment_moves') }}
    where
        is_move
        and not is_new
        and {{ is_in_part() }}

),

scenarios as (

    select * from {{ ref('int_counterfactual_segments') }}
    where {{ is_in_part() }}

),

strategies as (

    {{ strategies_by_segment() | indent(4) }}

),

{{ causes_of_moves('moves_between', 'scenarios', 'strategies') }},

explained as (

    select
        moves.*,
        {{ segment_cause('rfm') | indent(8) }} as rfm_cause,
        {{ segment_cause('broad') | indent(8) }} as broad_cause,
        {{ segment_cause('detailed') | indent(8) }} as detailed_cause,
        causes.rfm_sufficient_causes,
        causes.broad_sufficient_causes,
        causes.detailed_sufficient_causes
    from moves
    left join causes
        on
            moves.customer_id = causes.customer_id
            and moves.as_of_date = causes.as_of_date

)

select * exclude (recency_before, frequency_before, is_new, is_move) from explained
{{ 'where false' if execute and is_incremental() and not writes_history() }}
