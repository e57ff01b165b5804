{{ config(materialized='view') }}

select * from {{ ref('int_cancellation_matches') }}
