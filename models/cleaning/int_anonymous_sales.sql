{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='input_row',
    on_schema_change='sync_all_columns',
) }}

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
    and not is_other_currency
    and not is_cancellation
    and not is_stock_adjustment
    and not has_no_quantity
    and not is_non_product
    and not has_no_price
    and {{ is_new_row() }}
