{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_snapshots() }}",
) }}

{%- set segmentations = ['rfm', 'broad', 'detailed'] %}
{%- do validate_history_selection() %}

-- depends_on: {{ ref('int_snapshot_dates') }}
with moves as (

    select * from {{ ref('int_segment_moves') }}

),

counterfactuals as (

    select
        customer_id,
        as_of_date,
        {% for segmentation in segmentations %}
        {% for scenario in ['aging', 'order', 'cancellation', 'events', 'refit'] %}
        max({{ segmentation }}_segment) filter (where scenario = '{{ scenario }}')
            as {{ segmentation }}_by_{{ scenario }},
        {% endfor %}
        {% endfor %}
    from {{ ref('int_counterfactual_segments') }}
    group by 1, 2

),

-- Step by step, time passes, orders are placed, some are cancelled, the rules change. The cause is the
-- last step that made the segment what it is. Without orders, the step before counts.
explained as (

    select
        moves.*,
        {% for segmentation in segmentations %}
        {% set segment, before = 'moves.' ~ segmentation ~ '_segment', 'moves.' ~ segmentation ~ '_before' %}
        {% set original = 'moves.original_' ~ segmentation ~ '_segment' %}
        {% set by = 'counterfactuals.' ~ segmentation ~ '_by_' %}
        case
            when moves.is_new and moves.restated_by = 'late_data' and {{ original }} is null then 'late_data'
            when moves.is_new then 'new'
            when {{ segment }} is not distinct from {{ before }} then null
            when {{ by }}events <> {{ segment }} then 'refit'
            when {{ by }}events <> coalesce({{ by }}order, {{ by }}aging) then 'cancellation'
            when {{ by }}order <> {{ by }}aging then 'order'
            else 'aging'
        end as {{ segmentation }}_cause,
        {% endfor %}
        {% for segmentation in segmentations %}
        {% set segment, before = 'moves.' ~ segmentation ~ '_segment', 'moves.' ~ segmentation ~ '_before' %}
        case when {{ segment }} <> {{ before }} then nullif(concat_ws(
            ' · ',
            {% for scenario in ['aging', 'order', 'cancellation', 'refit'] %}
            case when counterfactuals.{{ segmentation }}_by_{{ scenario }} = {{ segment }} then '{{ scenario }}' end
            {{- ',' if not loop.last }}
            {% endfor %}
        ), '') end as {{ segmentation }}_sufficient_causes{{ ',' if not loop.last }}
        {% endfor %}
    from moves
    left join counterfactuals
        on
            moves.customer_id = counterfactuals.customer_id
            and moves.as_of_date = counterfactuals.as_of_date

)

select * exclude (recency_before, frequency_before, is_new, is_move) from explained
{{ 'where false' if execute and is_incremental() and not writes_history() }}
