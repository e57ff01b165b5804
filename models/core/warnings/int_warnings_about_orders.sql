{#- So large a share of the orders that could show it has to agree, and so many at least. -#}
{%- set proven_share = 0.9 -%}
{%- set least_orders = 5 -%}
{%- set least_orders_of_one_line = 10 -%}

-- Orders that the log has several times, in rows that are alike but for their status or a column
-- that is not used: a history of statuses, a row for each payment, each parcel or each step; or in
-- earlier versions, with other quantities and prices. Some order may well hold one line twice;
-- where nearly all that do hold each of their lines so, the log has orders several times. Rows of
-- several days and one status are a number that comes again.
with transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}
    where
        not is_cancellation
        and customer_id is not null
        and invoice_id is not null
        and (rejection_reason is null or rejection_reason = 'cancelled_order')

),

-- Not materialized: DuckDB would store all lines, as they are read more than once.
base_transactions as not materialized (

    select
        input_row,
        invoice_id,
        file_name
    from {{ ref('base_transactions') }}

),

-- Without invoices a day is an order, and equal lines of it are purchases.
logs_of_invoices as (

    select has_invoice_id from {{ ref('ingest_plan') }}
    where has_invoice_id

),

last_transaction as (

    select max(input_row) as input_row from transactions

),

sampled as (

    select transactions.* exclude (other_columns)  -- noqa: RF02
    from transactions
    cross join logs_of_invoices
    cross join last_transaction
    where
        {{ is_first_or_last_row('transactions.input_row', 'last_transaction.input_row') }}

),

{{ copy_columns('transactions', 'sampled') }},

-- Two files may have two versions of an order: that is another doubt.
sampled_lines as (

    {{ rows_by_line('sampled') | indent(4) }}

),

sampled_orders as (

    select
        count(*) as line_count,
        sum(row_count) as row_count,
        min(repeat_count) > 1 as is_repeated,
        max(row_count) > 1 as has_repeated_line,
        count(product_id) as product_count,
        -- Of one product, or of none that is named; some versions may have another amount.
        count(distinct product_id) <= 1
        and coalesce(bool_or(has_several_statuses) or min(first_status) <> max(last_status), false)
            as is_of_statuses,
        max(unit_price) as unit_price
    from sampled_lines
    group by file_name, customer_id, invoice_id

),

proofs as (

    select
        count(*) filter (where has_repeated_line and line_count > 1) as orders_of_lines,
        count(*) filter (where is_repeated and line_count > 1) as repeated_orders_of_lines,
        count(*) filter (where row_count > 1) as orders_of_rows,
        count(*) filter (where is_of_statuses) as repeated_statuses,
        count(*) filter (
            where is_repeated and line_count = 1 and product_count = 0
        ) as repeated_amounts,
        count(distinct case
            when is_repeated and line_count = 1 and product_count = 0 then unit_price
        end) as different_amounts
    from sampled_orders

),

-- Two rows of an order's only line may be two such things, unless their statuses differ. Where no
-- product is named, they are the order's amount if nearly each order has another one.
proven as (

    select *
    from proofs
    where
        (
            repeated_orders_of_lines >= {{ least_orders }}
            and repeated_orders_of_lines >= {{ proven_share }} * orders_of_lines
        )
        or (
            repeated_statuses >= {{ least_orders_of_one_line }}
            and repeated_statuses >= {{ proven_share }} * orders_of_rows
        )
        or (
            repeated_amounts >= {{ least_orders_of_one_line }}
            and repeated_amounts >= {{ proven_share }} * orders_of_rows
            and different_amounts > repeated_amounts / 4
        )

),

transactions_of_proven_logs as (

    select transactions.*
    from transactions
    cross join proven

),

lines as (

    {{ rows_by_line('transactions_of_proven_logs') | indent(4) }}

),

repeated_lines as (

    select
        *,
        min(repeat_count) over (partition by file_name, customer_id, invoice_id) as least_rows
    from lines

),

-- Where a row of a line is cancelled, none of the others is a sale; else one of them is.
surplus as (

    select
        invoice_id,
        row_count > sale_count as is_cancelled,
        case when row_count > sale_count then sale_count else sale_count - 1 end as row_count,
        gross_amount
    from repeated_lines
    where
        least_rows > 1
        and sale_count > 0

),

-- Where a column distinguishes them, they are counted by it.
repeated_orders as (

    select
        'repeated_orders' as kind,
        'invoice_id' as column_name,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(row_count * gross_amount) as decimal(18, 2)) as amount,
        concat(count(distinct invoice_id), ' orders, e.g. ', min(invoice_id)) as example,
        'These orders stand there several times, in rows that are alike but for their status or a'
        || ' column that is not used: one for each payment, parcel or step? Then each counts:'
        || ' export one row for each line. Several pieces of a kind are right as they are.'
            as suggestion
    from surplus
    where
        not is_cancelled
        and (select count(*) from copy_column) = 0
    having sum(row_count) > 0

),

-- Joined by an equality: an engine that finds no such column reads no row.
rows_of_copies as (

    select
        transactions.customer_id,
        transactions.invoice_id,
        transactions.input_row,
        transactions.gross_amount,
        copy_column.heading,
        copy_column.kind,
        {{ other_column('transactions', 'copy_column.heading') | indent(8) }} as word
    from transactions
    inner join copy_column
        on copy_column.is_blank = (transactions.other_columns is null)
    where transactions.rejection_reason is null

),

copies_of_orders as (

    select
        customer_id,
        invoice_id,
        heading,
        kind,
        word,
        count(*) as row_count,
        sum(gross_amount) as gross_amount,
        case when kind = 'step' then count(*) else 0 end as step_rows,
        case
            when kind = 'version' then try_cast(regexp_extract(word, '[0-9]+') as integer)
            when kind = 'flag' then cast({{ is_yes('word') }} as integer)
            when kind = 'end' then cast({{ is_open_end('word') }} as integer)
        end as version_number,
        max(input_row) as last_row
    from rows_of_copies
    where word is not null
    group by customer_id, invoice_id, heading, kind, word

),

-- Of steps one counts that has all lines; else the last version does.
ranked_copies as (

    select
        *,
        row_number() over (
            partition by customer_id, invoice_id
            order by step_rows desc, version_number desc nulls last, last_row desc
        ) as copy_rank
    from copies_of_orders

),

other_copies as (

    select
        case when kind = 'step' then 'repeated_orders' else 'earlier_versions' end as kind,
        'invoice_id' as column_name,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(gross_amount) as decimal(18, 2)) as amount,
        concat(count(distinct invoice_id), ' orders, e.g. ', min(invoice_id)) as example,
        concat(
            'By ''',
            left(heading, 60),
            case
                when kind = 'step'
                    then
                        ''' these orders stand there once for each step, and each counts. Export'
                        || ' one row for each line; or name this column as order_status in'
                        || ' column_mapping, and have all steps but the first ignored in'
                        || ' seeds/order_statuses.csv.'
                else
                    ''' the log has later versions of these orders, which count, too. Export the'
                    || ' last version of each order alone.'
            end
        ) as suggestion
    from ranked_copies
    where
        (copy_rank > 1 and kind <> 'end')
        -- The last version of an order may be cancelled.
        or (kind in ('flag', 'end') and version_number = 0)
    group by kind, heading

),

sold_and_cancelled as (

    select
        'sold_and_cancelled' as kind,
        'order_status' as column_name,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(row_count * gross_amount) as decimal(18, 2)) as amount,
        concat(count(distinct invoice_id), ' orders, e.g. ', min(invoice_id)) as example,
        'They count as sales, but the same orders stand there again as cancelled, line by line: a'
        || ' history of statuses? Export each line with its last status alone.' as suggestion
    from surplus
    where is_cancelled
    having count(*) > 0

),

-- One file has no two versions of an order.
several_files as (

    select count(*) as file_count
    from {{ source('state', 'ingested_files') }}
    having count(*) > 1

),

orders_of_several_files as (

    select base_transactions.invoice_id
    from base_transactions
    cross join several_files
    where base_transactions.invoice_id is not null
    group by base_transactions.invoice_id
    having min(base_transactions.file_name) <> max(base_transactions.file_name)

),

versions as (

    select
        transactions.invoice_id,
        transactions.quantity,
        transactions.unit_price,
        transactions.gross_amount,
        base_transactions.file_name,
        last_value(base_transactions.file_name) over product_of_order as last_file_name,
        min(transactions.quantity) over product_of_order as least_quantity,
        max(transactions.quantity) over product_of_order as most_quantity,
        min(transactions.unit_price) over product_of_order as least_price,
        max(transactions.unit_price) over product_of_order as most_price
    from base_transactions
    inner join orders_of_several_files
        on base_transactions.invoice_id = orders_of_several_files.invoice_id
    inner join transactions
        on base_transactions.input_row = transactions.input_row
    where transactions.rejection_reason is null
    window
        product_of_order as (
            partition by
                transactions.customer_id,
                transactions.invoice_id,
                transactions.product_id,
                transactions.ordered_at
            order by transactions.input_row
            rows between unbounded preceding and unbounded following
        )

),

edited_orders as (

    select
        'edited_orders' as kind,
        'invoice_id' as column_name,
        count(*) as row_count,
        cast(sum(gross_amount) as decimal(18, 2)) as amount,
        concat(
            count(distinct invoice_id),
            ' orders, e.g. ',
            min(
                concat(
                    invoice_id,
                    ' in ',
                    regexp_replace(file_name, '^.*/', ''),
                    ' and ',
                    regexp_replace(last_file_name, '^.*/', '')
                )
            )
        ) as example,
        'They count as sales, but a later file has the same product of the same order with another'
        || ' quantity or price, which counts, too: was the order changed in between? Delete the'
        || ' rows of these orders from the files in which they are outdated, and run dbt build'
        || ' --full-refresh.' as suggestion
    from versions
    where
        file_name <> last_file_name
        and (least_quantity <> most_quantity or least_price <> most_price)
    having count(*) > 0

),

-- Their names say it.
refund_files as (

    select ingested_files.file_name
    from {{ source('state', 'ingested_files') }} as ingested_files
    cross join several_files
    where
        regexp_matches(
            lower(regexp_replace(ingested_files.file_name, '^.*/', '')),
            '(refund|return|cancel(l?ation)?|credit[-_ ]?(note|memo)|storno|gutschrift)s?([^a-z]|$)'
            || '|retour|erstattung|rembours|devoluci|reembols|rimbors|zwrot|возврат'
        )

),

-- None of them reads no row.
any_refund_file as (

    select min(file_name) as first_file_name
    from refund_files
    having count(*) > 0

),

lines_by_file as (

    select
        transactions.invoice_id,
        count(refund_files.file_name) as refund_count,
        count(*) filter (where refund_files.file_name is null) as sold_count,
        sum(transactions.gross_amount) filter (where refund_files.file_name is not null) as amount,
        min(any_refund_file.first_file_name) as file_name
    from any_refund_file
    cross join transactions
    inner join base_transactions
        on transactions.input_row = base_transactions.input_row
    left join refund_files
        on base_transactions.file_name = refund_files.file_name
    where transactions.rejection_reason is null
    group by transactions.customer_id, transactions.invoice_id, transactions.product_id

),

-- What nearly all of their lines are of was sold by other files.
refunds_as_sales as (

    select
        'marks_left_out' as kind,
        'transaction_type' as column_name,
        cast(sum(refund_count) as bigint) as row_count,
        cast(sum(amount) as decimal(18, 2)) as amount,
        min(regexp_replace(file_name, '^.*/', '')) as example,
        concat(
            'The lines of ''',
            min(regexp_replace(file_name, '^.*/', '')),
            ''' are of orders of other files, and count as sales. If they are refunds, say'
            || ' refund in a column transaction_type, also by a view, or export them with a'
            || ' negative quantity.'
        ) as suggestion
    from lines_by_file
    where refund_count > 0
    having
        sum(refund_count) >= {{ least_orders }}
        and sum(refund_count) filter (where sold_count > 0)
        >= {{ proven_share }} * sum(refund_count)

),

warnings as (

    select * from repeated_orders

    union all

    select * from other_copies

    union all

    select * from sold_and_cancelled

    union all

    select * from edited_orders

    union all

    select * from refunds_as_sales

)

select
    kind,
    column_name,
    row_count,
    amount,
    example,
    suggestion
from warnings
