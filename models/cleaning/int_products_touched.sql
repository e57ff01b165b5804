-- What a customer has of a product is matched anew where a row of it came: it may have come late, between others. Where
-- nothing of it was ever cancelled there is nothing to match.
with transactions as (

    select * from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is null
        and product_id is not null

),

came as (

    select distinct
        transactions.customer_id,
        transactions.product_id
    from transactions
    inner join {{ ref('input_state') }} as state
        on
            not state.is_anew
            and transactions.input_row > state.last_row

),

cancelled as (

    select distinct
        customer_id,
        product_id
    from transactions
    where is_cancellation

)

select came.*
from came
inner join cancelled
    on
        came.customer_id = cancelled.customer_id
        and came.product_id = cancelled.product_id
