-- What a customer has of a product is matched anew where a row of it came: it may have come late, between others. Where nothing
-- of it was ever cancelled there is nothing to match.
with came as (

    select distinct
        transactions.customer_id,
        transactions.product_id
    from {{ ref('int_transactions_flagged') }} as transactions
    inner join {{ ref('ingest_plan') }} as state
        on
            not state.is_full_reload
            and transactions.input_row > state.last_row
    where
        transactions.rejection_reason is null
        and transactions.product_id is not null

),

cancelled as (

    select
        customer_id,
        product_id
    from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is null
        and is_cancellation

)

select * from came
where (customer_id, product_id) in (
    select
        cancelled.customer_id,
        cancelled.product_id
    from cancelled
)
