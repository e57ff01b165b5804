{#- What was told stays, but for days that were told too early to keep and customers whose past was touched. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_what_is_told_anew() }}",
) }}

select * from {{ ref('int_history_fresh') }}
