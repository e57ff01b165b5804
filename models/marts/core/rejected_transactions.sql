{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_rows('input') }}",
) }}

{%- set last_row = last_ingested_row('input') %}

with transactions as (

    select * from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is not null
        and {{ is_changed('input', last_row) }}

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
                {% for column in column_aliases() %}
                {{ column }} := as_they_came.{{ column }},
                {% endfor %}
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
