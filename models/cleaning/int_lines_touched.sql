-- Lines that a build tells anew: they came, or what is taken back from them is matched anew. With what is asked of them later: the log
-- is long, and is searched for them once.
with state as (

    select * from {{ ref('input_state') }}
    where not is_anew

),

touched as (

    select transactions.*
    from {{ ref('int_transactions_flagged') }} as transactions
    inner join state
        on transactions.input_row > state.last_row

    union all

    select transactions.*
    from {{ ref('int_transactions_flagged') }} as transactions
    inner join state
        on transactions.input_row <= state.last_row
    where
        transactions.rejection_reason is null
        and {{ is_touched('product', 0, 'transactions') | indent(8) }}

)

select
    input_row,
    invoice_id,
    product_id,
    product_description,
    customer_id,
    country,
    rejection_reason,
    other_columns,
    quantity,
    unit_price,
    gross_amount,
    is_cancellation,
    ordered_at
from touched
