{{ config(materialized='view') }}

select distinct
    score_version,
    cause,
    customers_fitted,
    anchor_invoice_id,
    anchor_customer_id,
    anchor_order_date,
    baseline_date
from {{ ref('score_cut_points') }}
