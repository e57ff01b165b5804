{#-
    SQL: the sale lines that only lack a customer: no part of the customer tables, but of the shop's
    totals.
-#}
{% macro anonymous_sales() -%}
    select
        input_row,
        invoice_id,
        product_id,
        country,
        quantity,
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
{%- endmacro %}
