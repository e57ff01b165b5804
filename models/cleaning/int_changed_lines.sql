-- Lines that a build tells anew: they came, or what is taken back from them is matched anew. With what is asked of them later: as
-- the log is long, it is searched for them once, by few columns first.
with state as (

    select * from {{ ref('ingest_plan') }}
    where not is_full_reload

),

rows_touched as (

    select input_row
    from {{ ref('int_transactions_flagged') }}
    where input_row > (select state.last_row from state)

    union

    select input_row
    from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is null
        and {{ is_changed('product', 0) | indent(8) }}

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
from {{ ref('int_transactions_flagged') }}
where input_row in (
    select rows_touched.input_row
    from rows_touched
)
