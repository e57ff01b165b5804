{%- set most_orders_share = 0.2 %}
{%- set most_orders_ratio = 50 %}
{%- set least_customers = 10 %}
{%- set least_orders = 50 %}
{%- set most_rejected_share = 0.5 %}
{#- Few rows so long after all others, or before them, are worth a look. -#}
{%- set lone_after_days = 90 %}
{%- set least_days = 10 %}
{#- A day of so many rows, all at one time, where days are many. -#}
{%- set crowded_share = 0.05 %}
{%- set crowded_ratio = 20 %}
{%- set crowded_least_days = 30 %}
{#-
    The first of two bytes of UTF-8, read as Latin-1 or Windows-1252, and what can only be its
    second.
-#}
{%- set garbled_letters = '[ÂÃÐ][\\x{0080}-\\x{00BF}€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œŸ]|\\x{FFFD}' %}

with findings as (

    {{ input_findings() | indent(4) }}

),

-- Not materialized: DuckDB would store all lines, as they are read more than once.
transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}

),

base_transactions as (

    select
        input_row,
        file_name
    from {{ ref('base_transactions') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

order_statuses as (

    select * from {{ ref('order_statuses') }}

),

transaction_types as (

    select * from {{ ref('transaction_types') }}

),

ingest_plan as (

    select cancellation_invoice_prefix from {{ ref('ingest_plan') }}

),

-- Findings of several builds add up.
found_while_reading as (

    select
        kind,
        column_name,
        sum(row_count) as row_count,
        cast(null as decimal(18, 2)) as amount,
        max_by(example, (coalesce(row_count, 0), example)) as example,
        max(suggestion) as suggestion
    from findings
    group by 1, 2

),

unreadable as (

    select
        'unreadable_values' as kind,
        nullif(regexp_extract(rejection_detail, '^([a-z]+_[a-z_]+|quantity|amount) ', 1), '')
            as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(rejection_detail) as example,
        'Look at these rows in rejected_transactions.' as suggestion
    from transactions
    where rejection_reason = 'unreadable'
    group by 2

),

implausible as (

    select
        'implausible_dates' as kind,
        'ordered_at' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(rejection_detail) as example,
        'They lie far outside the other dates. If they are right, say so with plausible_from or'
        || ' plausible_to.' as suggestion
    from transactions
    where rejection_reason = 'implausible_date'
    having count(*) > 0

),

days as (

    select
        cast(ordered_at as date) as day,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(ordered_at) = max(ordered_at) as has_one_time
    from transactions
    where
        ordered_at is not null
        and coalesce(rejection_reason, '') not in ('unreadable', 'implausible_date')
    group by 1

),

gaps as (

    select
        *,
        day - lag(day) over (order by day) as gap_days,
        row_number() over (order by day) as day_number,
        count(*) over () as day_count,
        greatest(20, 0.05 * sum(row_count) over ()) as few_rows
    from days

),

-- For each gap: what lies before it and after it, and the longest gap but for the ends of the log.
ends as (

    select
        *,
        lag(day) over (order by day) as day_before,
        sum(row_count) over earlier as rows_before,
        sum(amount) over earlier as amount_before,
        sum(row_count) over later as rows_after,
        sum(amount) over later as amount_after,
        max(gap_days) filter (
            where day_number > 3 and day_count - day_number > 1
        ) over () as longest_gap_days
    from gaps
    window
        earlier as (order by day rows between unbounded preceding and 1 preceding),
        later as (order by day rows between current row and unbounded following)

),

-- The earliest gap counts: all that lies behind it is in doubt. An end that is set is none.
lone_last_dates as (

    select * from ends
    where
        {{ date_setting('plausible_to') }} is null
        and day_number > {{ least_days }}
        and day_count - day_number < 2
        and rows_after <= few_rows
        and gap_days > greatest({{ lone_after_days }}, 5 * longest_gap_days)
    qualify row_number() over (order by day) = 1

),

lone_first_dates as (

    select * from ends
    where
        {{ date_setting('plausible_from') }} is null
        and day_count - day_number >= {{ least_days }}
        and day_number between 2 and 3
        and rows_before <= few_rows
        and gap_days > greatest({{ lone_after_days }}, 5 * longest_gap_days)
    qualify row_number() over (order by day desc) = 1

),

lone_dates as (

    select
        'lone_dates' as kind,
        'ordered_at' as column_name,
        rows_after as row_count,
        amount_after as amount,
        concat(day, ', ', gap_days, ' days after all others') as example,
        concat(
            'They are the last days of the log, and everybody is counted from there. If they are',
            ' wrong, set plausible_to: ', day_before, '.'
        ) as suggestion
    from lone_last_dates

    union all

    select
        'lone_dates' as kind,
        'ordered_at' as column_name,
        rows_before as row_count,
        amount_before as amount,
        concat(day_before, ', ', gap_days, ' days before all others') as example,
        concat(
            'They are the first days of the log. If they are wrong, set plausible_from: ', day, '.'
        ) as suggestion
    from lone_first_dates

),

typical_day as (

    select
        count(*) as day_count,
        sum(row_count) as row_count,
        median(row_count) as median_row_count
    from days

),

-- A default date, where the real one is missing.
crowded_days as (

    select
        'crowded_days' as kind,
        'ordered_at' as column_name,
        days.row_count,
        days.amount,
        cast(days.day as varchar) as example,
        'So many rows of one day and time: a date that stands where the real one is missing? Then'
        || ' leave it out of the export.' as suggestion
    from days
    cross join typical_day
    where
        days.has_one_time
        and typical_day.day_count >= {{ crowded_least_days }}
        and days.row_count > {{ crowded_share }} * typical_day.row_count
        and days.row_count > {{ crowded_ratio }} * typical_day.median_row_count

),

totals as (

    select
        count(*) as row_count,
        sum(gross_amount) as amount,
        -- What nobody is known to have bought was sold all the same.
        count(*) filter (
            where (rejection_reason is null and not is_cancellation)
            or rejection_reason = 'missing_customer'
        ) as sale_count
    from transactions

),

no_sales as (

    select
        'no_sales' as kind,
        cast(null as varchar) as column_name,
        row_count,
        amount,
        cast(null as varchar) as example,
        'None of these rows is a sale, so there are no customers. Where sales have negative'
        || ' quantities or prices, as in a ledger, turn their signs before the build.' as suggestion
    from totals
    where row_count > 0 and sale_count = 0

),

mostly_rejected as (

    select
        'mostly_rejected' as kind,
        cast(null as varchar) as column_name,
        count(*) as row_count,
        sum(transactions.gross_amount) as amount,
        transactions.rejection_reason as example,
        'Half of all rows or more are rejected for one reason. Is the column mapped rightly?'
            as suggestion
    from transactions
    cross join totals
    where transactions.rejection_reason is not null
    group by 5
    having count(*) >= {{ most_rejected_share }} * max(totals.row_count)

),

-- Spreadsheets write long numbers so, and drop their last digits.
lost_digits as (

    select
        'ids_lost_digits' as kind,
        'customer_id' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(customer_id) as example,
        'A spreadsheet shortened these ids, so several customers may share one.'
        || ' Export them as text.' as suggestion
    from transactions
    where
        upper(customer_id) like '%E+%'
        and regexp_full_match(customer_id, '[0-9]([.,][0-9]+)?[eE][+][0-9]+')
    having count(*) > 0

),

orders_by_customer as (

    select
        customer_id,
        count(*) as order_count,
        sum(gross_amount) as amount
    from orders
    group by 1

),

-- A spreadsheet drops them in one file, and another keeps them.
padded_numbers as (

    select distinct ltrim(customer_id, '0') as number
    from orders_by_customer
    where
        customer_id like '0%'
        and regexp_full_match(customer_id, '[0-9]+')

),

customers_by_number as (

    select
        padded_numbers.number,
        count(*) as customer_count,
        sum(orders_by_customer.order_count) as order_count,
        sum(orders_by_customer.amount) as amount,
        string_agg(
            orders_by_customer.customer_id, ', ' order by orders_by_customer.customer_id
        ) as customer_ids
    from orders_by_customer
    inner join padded_numbers
        on ltrim(orders_by_customer.customer_id, '0') = padded_numbers.number
    group by 1

),

lost_zeros as (

    select
        'ids_lost_zeros' as kind,
        'customer_id' as column_name,
        sum(order_count) as row_count,
        sum(amount) as amount,
        min(customer_ids) as example,
        'Orders of ids that differ in leading zeros alone, which spreadsheets drop: one customer'
        || ' may count as several. Export ids as text.' as suggestion
    from customers_by_number
    where customer_count > 1
    having count(*) > 0

),

typical_customer as (

    select
        count(*) as customer_count,
        sum(order_count) as order_count,
        median(order_count) as median_order_count
    from orders_by_customer

),

-- A shop with so many orders has customers who came back.
one_order_each as (

    select
        'customer_per_order' as kind,
        'customer_id' as column_name,
        sum(order_count) as row_count,
        sum(amount) as amount,
        min(customer_id) as example,
        'Each order has a customer of its own: nobody came back. If another column identifies'
        || ' people, name it in column_mapping.' as suggestion
    from orders_by_customer
    having
        count(*) >= {{ least_orders }}
        and count(*) = sum(order_count)

),

-- One who orders so much more than the others may be none: a till, a guest account, an empty field.
placeholders as (

    select
        'placeholder_ids' as kind,
        'customer_id' as column_name,
        sum(orders_by_customer.order_count) as row_count,
        sum(orders_by_customer.amount) as amount,
        string_agg(
            orders_by_customer.customer_id, ', '
            order by orders_by_customer.order_count desc, orders_by_customer.customer_id asc
        ) as example,
        'Orders of ids with far more orders than others. If one stands for many customers, add it'
        || ' to seeds/missing_values.csv.' as suggestion
    from orders_by_customer
    cross join typical_customer
    where
        typical_customer.customer_count >= {{ least_customers }}
        and (
            orders_by_customer.order_count > {{ most_orders_share }} * typical_customer.order_count
            or orders_by_customer.order_count
            > {{ most_orders_ratio }} * typical_customer.median_order_count
        )
    having count(*) > 0

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
        || ' for itself. Leave out the files in which these orders are outdated.' as suggestion
    from rows_of_lines
    where
        rejection_reason is null
        and order_status <> last_status
        and file_name <> last_file_name
    having count(*) > 0

),

-- A line has the status of the lines above it in its file; another file may know better.
orders_that_are_no_sales as (

    select distinct
        invoice_id,
        customer_id
    from transactions
    where rejection_reason in ('cancelled_order', 'ignored_order')

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

-- Letters of UTF-8 that were read as two of another encoding, and those that were lost before.
garbled as (

    select
        'garbled_letters' as kind,
        'product_description' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(concat_ws(', ', product_description, customer_id, country)) as example,
        'Names that are written in two ways count as two. If the whole file is wrong, set'
        || ' csv_encoding; else export it again in one encoding.' as suggestion
    from transactions
    where
        (
            strlen(product_description) <> length(product_description)
            or strlen(customer_id) <> length(customer_id)
            or strlen(country) <> length(country)
        )
        and regexp_matches(
            concat_ws(', ', product_description, customer_id, country), '{{ garbled_letters }}'
        )
    having count(*) > 0

),

negative_prices as (

    select
        'negative_prices' as kind,
        'unit_price' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(invoice_id) as example,
        'They are rejected and net nothing. If they are refunds, name what their invoices begin'
        || ' with in refund_invoice_prefixes.' as suggestion
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
        'They name no product, so nothing shows which sale they take back: they are cancellations'
        || ' that net nothing. Export them with the products that they are for.' as suggestion
    from transactions
    where
        rejection_reason is null
        and is_cancellation
        and product_id is null
    having count(*) > 0

),

reused_numbers as (

    select
        'reused_invoice_numbers' as kind,
        'invoice_id' as column_name,
        count(*) as row_count,
        sum(gross_amount) as amount,
        min(invoice_id) as example,
        'These numbers come again more than max_order_days later, so they are orders of their own.'
            as suggestion
    from orders
    where invoice_id <> invoice_number
    having count(*) > 0

),

warnings as (

    select * from found_while_reading

    union all

    select * from unreadable

    union all

    select * from implausible

    union all

    select * from lone_dates

    union all

    select * from crowded_days

    union all

    select * from no_sales

    union all

    select * from mostly_rejected

    union all

    select * from lost_digits

    union all

    select * from lost_zeros

    union all

    select * from placeholders

    union all

    select * from one_order_each

    union all

    select * from unknown_statuses

    union all

    select * from unknown_types

    union all

    select * from changed_statuses

    union all

    select * from blank_statuses

    union all

    select * from garbled

    union all

    select * from negative_prices

    union all

    select * from negative_quantities

    union all

    select * from positive_cancellations

    union all

    select * from refunds_without_product

    union all

    select * from reused_numbers

)

select
    kind,
    column_name,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    left(example, 200) as example,
    suggestion
from warnings
