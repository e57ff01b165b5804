{#- So late after the first sale, a return's own sale is seldom before the log. -#}
{%- set least_days = 21 -%}

-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}

),

ingest_plan as (

    select cancellation_invoice_prefix from {{ ref('ingest_plan') }}

),

cancellation_matches as (

    select distinct cancellation_row from {{ ref('int_cancellation_matches') }}

),

orders as (

    select
        customer_id,
        invoice_number
    from {{ ref('int_orders') }}

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

-- Where a customer's cancelled orders come to less than nothing, their sales count.
cancelled_refunds as (

    select
        'cancelled_refunds' as kind,
        'order_status' as column_name,
        sum(row_count) as row_count,
        sum(amount) as amount,
        min(example) as example,
        'By their signs they give back, and by their status they are rejected as cancelled, but'
        || ' the sales that they are of count. Give these rows another status or none, also by a'
        || ' view.' as suggestion
    from (
        select
            customer_id,
            count(*) filter (where gross_amount < 0) as row_count,
            sum(gross_amount) filter (where gross_amount < 0) as amount,
            min(invoice_id) filter (where gross_amount < 0) as example
        from transactions
        where rejection_reason = 'cancelled_order'
        group by customer_id
        having sum(gross_amount) < 0
    ) as customers
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

first_sales as (

    select min(cast(ordered_at as date)) as first_date
    from transactions
    where
        rejection_reason is null
        and not is_cancellation

),

-- What stands on the invoice of a sale is taken off that one, whatever its product.
returns as (

    select
        transactions.invoice_id,
        transactions.gross_amount,
        cast(transactions.ordered_at as date) as returned_date,
        cancellation_matches.cancellation_row is null as has_no_sale
    from transactions
    left join cancellation_matches
        on transactions.input_row = cancellation_matches.cancellation_row
    anti join orders
        on
            transactions.customer_id = orders.customer_id
            and transactions.invoice_id = orders.invoice_number
    where
        transactions.rejection_reason is null
        and transactions.is_cancellation
        and transactions.product_id is not null

),

last_returns as (

    select max(returned_date) as last_date from returns

),

-- Where a log begins later than its shop, the first returns are of earlier sales: only those of the
-- second half show something.
late_returns as (

    select
        count(*) as row_count,
        count(*) filter (where returns.has_no_sale) as without_sale_count
    from returns
    cross join first_sales
    cross join last_returns
    where
        date_diff('day', first_sales.first_date, returns.returned_date) >= greatest(
            {{ least_days }}, date_diff('day', first_sales.first_date, last_returns.last_date) / 2
        )

),

-- More than half of them, by two standard deviations of chance.
returns_without_sales as (

    select
        'returns_without_sales' as kind,
        cast(null as varchar) as column_name,
        count(*) as row_count,
        sum(returns.gross_amount) as amount,
        min(returns.invoice_id) as example,
        'Most returns find no earlier sale of their product to their customer, so these net'
        || ' nothing. Do they name the shop as the customer, or another product than sales do? Name'
        || ' columns that are alike in both in column_mapping, or mend the export.' as suggestion
    from returns
    cross join late_returns
    where
        returns.has_no_sale
        and late_returns.row_count > 0
        and late_returns.without_sale_count
        >= late_returns.row_count / 2 + sqrt(late_returns.row_count)
    having count(*) > 0

),

warnings as (

    select * from negative_prices

    union all

    select * from cancelled_refunds

    union all

    select * from negative_quantities

    union all

    select * from positive_cancellations

    union all

    select * from refunds_without_product

    union all

    select * from returns_without_sales

)

select
    kind,
    column_name,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    example,
    suggestion
from warnings
