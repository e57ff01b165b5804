{{ config(materialized='view') }}

with transactions as (

    select * from {{ ref('int_transactions_flagged') }}
    where rejection_reason is not null

),

raw_rows as (

    select * from {{ ref('base_transactions') }}

)

select
    transactions.input_row,
    transactions.rejection_reason,
    transactions.rejection_detail,
    transactions.invoice_id,
    transactions.product_id,
    transactions.product_description,
    transactions.customer_id,
    transactions.country,
    -- The texts of the input, under our names for its columns.
    cast(
        to_json(
            struct_pack(
                invoice_id := raw_rows.invoice_id,
                product_id := raw_rows.product_id,
                product_description := raw_rows.product_description,
                quantity := {{ as_text('raw_rows.quantity') }},
                ordered_at := {{ as_text('raw_rows.ordered_at') }},
                unit_price := {{ as_text('raw_rows.unit_price') }},
                amount := {{ as_text('raw_rows.amount') }},
                customer_id := raw_rows.customer_id,
                country := raw_rows.country,
                order_status := raw_rows.order_status,
                transaction_type := raw_rows.transaction_type,
                currency := raw_rows.currency,
                surplus_field := raw_rows.surplus_field,
                other_columns := raw_rows.other_columns
            )
        ) as varchar
    ) as raw_row,
    transactions.quantity,
    transactions.unit_price,
    transactions.gross_amount,
    transactions.ordered_at
from transactions
inner join raw_rows
    on transactions.input_row = raw_rows.input_row
