-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}

),

ingest_plan as (

    select cancellation_invoice_prefix from {{ ref('ingest_plan') }}

),

totals as (

    select count(*) as row_count from transactions

),

negative_prices as (

    select
        'negative_prices' as kind,
        'unit_price' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(invoice_id) as example,
        'They are rejected and net nothing. Refunds: name what their invoices begin with in'
        || ' refund_invoice_prefixes; in invoices of sales, say refund in a column'
        || ' transaction_type, also by a view. Discounts: export prices after them, or name a'
        || ' column with what was paid for each line in column_mapping: {amount: …}.'
            as suggestion
    from transactions
    where
        rejection_reason = 'no_price'
        and unit_price < 0
    having count(*) > 0

),

negative_quantities as (

    select
        'negative_quantities' as kind,
        'quantity' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(invoice_id) as example,
        'Their customers gave back, or were sent less, but their invoices do not begin as'
        || ' cancellations do. If they cancel, set cancellation_invoice_prefix to an empty text.'
            as suggestion
    from transactions
    where
        rejection_reason = 'stock_adjustment'
        and quantity < 0
        -- What is worth nothing was written off.
        and gross_amount < 0
    having count(*) > 0

),

-- Where most invoices begin with the prefix, it marks no cancellations.
with_prefix as (

    select
        transactions.*,
        count(*) over () as prefixed_count
    from transactions
    inner join ingest_plan
        on
            ingest_plan.cancellation_invoice_prefix <> ''
            and starts_with(
                upper(transactions.invoice_id), upper(ingest_plan.cancellation_invoice_prefix)
            )

),

positive_cancellations as (

    select
        'positive_cancellations' as kind,
        'quantity' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(invoice_id) as example,
        'Their invoices begin as cancellations do, but with a positive quantity they count as'
        || ' sales. If they take goods back, add the prefix to refund_invoice_prefixes.'
            as suggestion
    from with_prefix
    where
        quantity > 0
        and rejection_reason is null
    having
        count(*) > 0
        and max(prefixed_count) < (select totals.row_count / 2 from totals)

),

-- What a refund takes back is found by its product.
refunds_without_product as (

    select
        'refunds_without_product' as kind,
        'product_id' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(invoice_id) as example,
        'Refunds or discounts that name no product: nothing shows which sale they are of, so they'
        || ' net nothing. Export refunds with the products that they are for, and take discounts'
        || ' off the prices.' as suggestion
    from transactions
    where
        rejection_reason is null
        and is_cancellation
        and product_id is null
    having count(*) > 0

),

warnings as (

    select * from negative_prices

    union all

    select * from negative_quantities

    union all

    select * from positive_cancellations

    union all

    select * from refunds_without_product

)

select
    kind,
    column_name,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    example,
    suggestion
from warnings
