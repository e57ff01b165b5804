{{ config(materialized='view') }}

select distinct
    model_version,
    cause,
    customers_fitted,
    anchor_invoice_id,
    anchor_customer_id,
    anchor_order_date,
    baseline_date
from {{ ref('rfm_cut_points') }}
