{{ config(materialized='view') }}

select * from {{ ref('int_order_lines') }}
