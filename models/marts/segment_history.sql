{#- What was told stays, but for days that were told too early to keep and customers whose past was touched. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_what_is_told_anew() }}",
) }}

-- depends_on: {{ ref('int_history_dates') }}, {{ ref('int_customers_touched') }}
select * from {{ ref('int_history_fresh') }}
