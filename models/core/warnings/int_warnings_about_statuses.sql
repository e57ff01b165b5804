-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}

),

base_transactions as (

    select
        input_row,
        file_name
    from {{ ref('base_transactions') }}

),

order_statuses as (

    select * from {{ ref('order_statuses') }}

),

transaction_types as (

    select * from {{ ref('transaction_types') }}

),

unknown_statuses as (

    select
        'unknown_statuses' as kind,
        'order_status' as column_name,
        count(*) as row_count,
        sum(transactions.gross_amount) as amount,
        transactions.order_status as example,
        'Orders of this status count as sales. Say what it means in seeds/order_statuses.csv.'
            as suggestion
    from transactions
    left join order_statuses
        on transactions.order_status = order_statuses.status
    where
        transactions.order_status is not null
        and order_statuses.status is null
    group by 5

),

-- There are few types and many rows: a type is looked up once.
rows_by_type as (

    select
        transaction_type,
        count(*) as row_count,
        sum(gross_amount) as amount
    from transactions
    where transaction_type is not null
    group by 1

),

unknown_types as (

    select
        'unknown_types' as kind,
        'transaction_type' as column_name,
        sum(rows_by_type.row_count) as row_count,
        sum(rows_by_type.amount) as amount,
        string_agg(
            rows_by_type.transaction_type, ', '
            order by rows_by_type.row_count desc, rows_by_type.transaction_type asc
        ) as example,
        'Rows of these types count as sales, but for negative ones. Say what they mean in'
        || ' seeds/transaction_types.csv, or that the column holds something else with'
        || ' column_mapping: {transaction_type: []}; discounts are best taken off the prices.'
            as suggestion
    from rows_by_type
    left join transaction_types
        on rows_by_type.transaction_type = transaction_types.transaction_type
    where transaction_types.transaction_type is null
    having count(*) > 0

),

-- One file has no status of two days.
files as (

    select count(*) as file_count from {{ source('state', 'ingested_files') }}

),

orders_of_several_statuses as (

    select transactions.invoice_id
    from transactions
    cross join files
    where
        files.file_count > 1
        and transactions.order_status is not null
    group by 1
    having min(transactions.order_status) <> max(transactions.order_status)

),

-- Rows of one line of an order, as several exports have it.
rows_of_lines as (

    select
        transactions.*,
        base_transactions.file_name,
        last_value(transactions.order_status) over line as last_status,
        last_value(base_transactions.file_name) over line as last_file_name
    from transactions
    inner join orders_of_several_statuses
        on transactions.invoice_id = orders_of_several_statuses.invoice_id
    inner join base_transactions
        on transactions.input_row = base_transactions.input_row
    where coalesce(transactions.rejection_reason, '') in ('', 'cancelled_order', 'ignored_order')
    window
        line as (
            partition by
                transactions.invoice_id,
                transactions.product_id,
                transactions.customer_id,
                transactions.quantity,
                transactions.unit_price,
                transactions.gross_amount,
                transactions.ordered_at,
                transactions.transaction_type,
                transactions.currency
            order by transactions.input_row
            rows between unbounded preceding and unbounded following
        )

),

changed_statuses as (

    select
        'changed_statuses' as kind,
        'order_status' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(invoice_id) as example,
        'They count as sales, but a later file has the same line with another status, which counts'
        || ' for itself. Delete the rows of these orders from the files in which they are outdated,'
        || ' and run dbt build --full-refresh.' as suggestion
    from rows_of_lines
    where
        rejection_reason is null
        and order_status <> last_status
        and file_name <> last_file_name
    having count(*) > 0

),

-- A line has the status of the lines above it in its file; another file may know better. A line
-- that is ignored by its type, such as a fee, says nothing of its order.
orders_that_are_no_sales as (

    select distinct
        transactions.invoice_id,
        transactions.customer_id
    from transactions
    inner join order_statuses
        on transactions.order_status = order_statuses.status
    where
        transactions.rejection_reason in ('cancelled_order', 'ignored_order')
        and order_statuses.counts_as <> 'sale'

),

blank_statuses as (

    select
        'blank_statuses' as kind,
        'order_status' as column_name,
        count(*) as row_count,
        sum(transactions.gross_amount) as amount,
        min(transactions.invoice_id) as example,
        'They count as sales, but other lines of these orders are cancelled or ignored. Put the'
        || ' lines of an order into one file, or give each line its status.' as suggestion
    from transactions
    inner join orders_that_are_no_sales
        on
            transactions.invoice_id = orders_that_are_no_sales.invoice_id
            and transactions.customer_id = orders_that_are_no_sales.customer_id
    where
        transactions.rejection_reason is null
        and transactions.order_status is null
    having count(*) > 0

),

warnings as (

    select * from unknown_statuses

    union all

    select * from unknown_types

    union all

    select * from changed_statuses

    union all

    select * from blank_statuses

)

select
    kind,
    column_name,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    example,
    suggestion
from warnings
