-- The grain of change is the customer: who has new lines since the watermark is recomputed from all
-- their lines. As the transaction log is long, it is searched once, here. Where everything is
-- recomputed, models read all lines instead.
-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}
    where rejection_reason is null

),

ingest_plan as (

    select * from {{ ref('ingest_plan') }}
    where not is_full_reload

),

changed_customers as (

    select distinct customer_id
    from transactions
    where input_row > (select ingest_plan.last_row from ingest_plan)

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
from transactions
where customer_id in (
    select changed_customers.customer_id
    from changed_customers
)
