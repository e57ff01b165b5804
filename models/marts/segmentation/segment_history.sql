{#- What was told stays, but for days that were told too early to keep and customers whose past was touched. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_restated_history() }}",
) }}

-- depends_on: {{ ref('int_snapshot_dates') }}, {{ ref('int_changed_customers') }}
select * from {{ ref('int_history_delta') }}
