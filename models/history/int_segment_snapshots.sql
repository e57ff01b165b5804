{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_snapshots() }}",
) }}

{%- do validate_history_selection() %}
{%- set segmentations = ['rfm', 'broad', 'detailed'] %}

-- depends_on: {{ ref('int_snapshot_dates') }}
with moves as (

    select * from {{ ref('int_segment_moves') }}

),

scenarios as (

    select * from {{ ref('int_counterfactual_segments') }}

),

strategies as (

    select * from {{ ref('segment_strategies') }}

),

{{ causes_of_moves('moves', 'scenarios', 'strategies') }},

explained as (

    select
        moves.*,
        {% for segmentation in segmentations %}
        case
            when
                moves.is_new
                and moves.restated_by = 'late_data'
                and moves.original_{{ segmentation }}_segment is null
                then 'late_data'
            when moves.is_new then 'new'
            else causes.{{ segmentation }}_cause
        end as {{ segmentation }}_cause,
        {% endfor %}
        {% for segmentation in segmentations %}
        causes.{{ segmentation }}_sufficient_causes {{- ',' if not loop.last }}
        {% endfor %}
    from moves
    left join causes
        on
            moves.customer_id = causes.customer_id
            and moves.as_of_date = causes.as_of_date

)

select * exclude (recency_before, frequency_before, is_new, is_move) from explained
{{ 'where false' if execute and is_incremental() and not writes_history() }}
