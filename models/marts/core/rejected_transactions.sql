{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='input_row',
    on_schema_change='fail',
) }}

with transactions as (

    select * from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is not null
        and {{ is_new_row() }}

),

as_they_came as (

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
    -- The texts as they stood in the input, under our names for its columns.
    cast(
        to_json(
            struct_pack(
                invoice_id := as_they_came.invoice_id,
                product_id := as_they_came.product_id,
                product_description := as_they_came.product_description,
                quantity := as_they_came.quantity,
                ordered_at := as_they_came.ordered_at,
                unit_price := as_they_came.unit_price,
                amount := as_they_came.amount,
                customer_id := as_they_came.customer_id,
                country := as_they_came.country,
                surplus_field := as_they_came.surplus_field,
                other_columns := as_they_came.other_columns
            )
        ) as varchar
    ) as raw_row,
    transactions.quantity,
    transactions.unit_price,
    transactions.gross_amount,
    transactions.ordered_at
from transactions
inner join as_they_came
    on transactions.input_row = as_they_came.input_row
