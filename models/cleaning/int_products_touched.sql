-- What a customer has of a product is matched anew where a row of it came: it may have come late, between others.
select distinct
    transactions.customer_id,
    transactions.product_id
from {{ ref('int_transactions_flagged') }} as transactions
inner join {{ ref('input_state') }} as state
    on
        not state.is_anew
        and transactions.input_row > state.last_row
where
    transactions.rejection_reason is null
    and transactions.product_id is not null
