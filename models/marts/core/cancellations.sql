{{ config(materialized='view') }}

with transactions as (

    select * from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is null
        and is_cancellation

),

matches as (

    select
        cancellation_row,
        sum(units) as matched_quantity
    from {{ ref('int_cancellation_matches') }}
    group by 1

)

select
    transactions.input_row,
    transactions.invoice_id,
    transactions.product_id,
    transactions.customer_id,
    cast(-transactions.quantity as decimal(18, 3)) as quantity,
    cast(coalesce(matches.matched_quantity, 0) as decimal(18, 3)) as matched_quantity,
    cast(-transactions.quantity - coalesce(matches.matched_quantity, 0) as decimal(18, 3))
        as unmatched_quantity,
    transactions.ordered_at as cancelled_at
from transactions
left join matches
    on transactions.input_row = matches.cancellation_row
