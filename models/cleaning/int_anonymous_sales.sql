{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ delete_changed_rows('input') }}",
) }}

{%- set last_row = last_ingested_row('input') %}

-- Sales that only lack a customer: no part of the customer tables, but of the shop's totals.
select
    input_row,
    invoice_id,
    product_id,
    country,
    quantity,
    unit_price,
    gross_amount,
    ordered_at
from {{ ref('int_transactions_flagged') }}
where
    rejection_reason = 'missing_customer'
    and not is_duplicate
    and not is_cancellation
    and not is_stock_adjustment
    and not is_non_product
    and not has_no_price
    and {{ is_changed('input', last_row) }}
