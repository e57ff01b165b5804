{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='sync_all_columns',
) }}

with transactions as (

    select * from {{ lines_to_process() }}
    -- Without a product nothing shows which sale is cancelled: such cancellations stay unmatched.
    where
        rejection_reason is null
        and product_id is not null

),

-- Only what was cancelled at least once can be matched.
cancelled_products as (

    select distinct
        customer_id,
        product_id
    from transactions
    where is_cancellation

),

-- Ties in time are ordered by content, so that the order of rows in the file changes nothing. Rows
-- that are equal in all of it differ in nothing that is matched.
movements as (

    select
        transactions.input_row,
        transactions.customer_id,
        transactions.product_id,
        transactions.quantity,
        transactions.is_cancellation,
        row_number() over (
            partition by transactions.customer_id, transactions.product_id
            order by
                transactions.ordered_at,
                transactions.is_cancellation,
                transactions.invoice_id,
                transactions.unit_price,
                transactions.quantity,
                transactions.gross_amount,
                transactions.product_description nulls last,
                transactions.country nulls last,
                transactions.other_columns nulls last,
                transactions.input_row
        ) as movement_number
    from transactions
    inner join cancelled_products
        on
            transactions.customer_id = cancelled_products.customer_id
            and transactions.product_id = cancelled_products.product_id

),

balances as (

    select
        *,
        sum(quantity) over (
            partition by customer_id, product_id
            order by movement_number
            rows between unbounded preceding and current row
        ) as balance
    from movements

),

-- The level is what the customer still has: the balance clipped at zero, for nobody gives back what
-- they never had. What the clipping added so far is the lowest balance so far, where that is below
-- zero.
levels as (

    select
        *,
        balance - least(
            0,
            min(balance) over (
                partition by customer_id, product_id
                order by movement_number
                rows between unbounded preceding and current row
            )
        ) as level_after
    from balances

)

select
    input_row,
    customer_id,
    product_id,
    movement_number,
    quantity,
    cast(
        coalesce(
            lag(level_after) over (partition by customer_id, product_id order by movement_number), 0
        ) as decimal(18, 3)
    ) as level_before,
    cast(level_after as decimal(18, 3)) as level_after,
    is_cancellation
from levels
