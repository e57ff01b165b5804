{#- So large a share of a product's lines has to agree, and so many lines at least. -#}
{%- set proven = 0.9 -%}
{%- set least_sums = 5 -%}
{%- set least_amounts = 3 -%}
{%- set least_lines = 10 -%}
{%- set least_prices = 5 -%}
{%- set least_orders_share = 0.5 -%}
{%- set least_returns = 5 -%}
{%- set least_customers = 3 -%}

-- Products that are none. The amounts of some follow from the other lines of their orders: sums,
-- bundles whose parts are listed, too, and taxes. One such line is chance; a product whose lines
-- are nearly all so is none. Nor is one that is only ever given back.
with order_lines as not materialized (

    select * from {{ ref('int_order_lines') }}

),

orders as (

    select
        customer_id,
        invoice_number
    from {{ ref('int_orders') }}

),

transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}

),

cancellation_matches as (

    select * from {{ ref('int_cancellation_matches') }}

),

missing_values as (

    select * from {{ ref('missing_values') }}

),

last_transaction as (

    select max(input_row) as input_row from transactions

),

-- A sum is also of what is no product, and less what is taken off.
sampled as (

    select
        transactions.invoice_id,
        transactions.customer_id,
        transactions.product_id,
        transactions.input_row,
        transactions.quantity,
        transactions.unit_price,
        transactions.gross_amount,
        transactions.rejection_reason is null
        and not transactions.is_cancellation
        and transactions.product_id is not null as is_sale
    from transactions
    cross join last_transaction
    where
        transactions.customer_id is not null
        and transactions.invoice_id is not null
        and transactions.gross_amount <> 0
        and coalesce(transactions.rejection_reason, 'non_product') in ('non_product', 'no_price')
        and {{ is_first_or_last_row('transactions.input_row', 'last_transaction.input_row') }}

),

placed as (

    select
        *,
        row_number() over so_far as place,
        count(*) over whole_order as line_count,
        count(*) over (partition by customer_id, invoice_id, product_id) as lines_of_product,
        sum(gross_amount) over so_far as running_amount,
        sum(gross_amount) over whole_order as order_amount
    from sampled
    window
        whole_order as (partition by customer_id, invoice_id),
        so_far as (
            partition by customer_id, invoice_id
            order by input_row
            rows between unbounded preceding and current row
        )

),

-- All lines above it are the parts of a sum, or all below it. Two lines of one product and price
-- are two of a kind.
measured as materialized (

    select
        *,
        order_amount - gross_amount as rest_amount,
        case
            when lines_of_product > 1 then 0
            when running_amount = 2 * gross_amount then place - 1
            when order_amount - running_amount = gross_amount then line_count - place
            else 0
        end as part_count
    from placed

),

sampled_orders as (

    select count(*) as order_count
    from measured
    where place = 1

),

words_for_totals as (

    select distinct word
    from missing_values
    where column_name = 'total'

),

-- The order with the largest rest shows best which share of it a tax is.
by_product as (

    select
        product_id,
        count(*) as line_count,
        count(distinct unit_price) as price_count,
        count(*) filter (where part_count > 0) as sum_count,
        count(*) filter (where part_count > 1) as long_sum_count,
        count(distinct case when part_count > 1 then gross_amount end) as long_sum_amounts,
        count(distinct gross_amount) as amount_count,
        count(distinct quantity) as quantity_count,
        max_by(
            cast(gross_amount as double) / cast(rest_amount as double), (rest_amount, input_row)
        ) filter (where rest_amount > 0) as share_of_rest
    from measured
    where is_sale
    group by 1

),

-- A single other line of the same amount shows little, but where a product costs another amount
-- each time and stands in most orders. A name shows little, but that it names a total.
products_that_are_sums as (

    select by_product.product_id
    from by_product
    cross join sampled_orders
    left join words_for_totals
        on rtrim(lower(by_product.product_id), ' :') = words_for_totals.word
    where
        by_product.sum_count >= {{ proven }} * by_product.line_count
        and (
            words_for_totals.word is not null
            or by_product.long_sum_count >= {{ least_lines }}
            or (
                by_product.long_sum_count >= {{ least_sums }}
                and by_product.long_sum_amounts >= {{ least_amounts }}
            )
            or (
                by_product.sum_count >= {{ least_lines }}
                and by_product.price_count >= {{ least_prices }}
                and by_product.line_count >= {{ least_orders_share }} * sampled_orders.order_count
            )
        )

),

-- Rounded to the cent, as it is itself.
shares as (

    select
        measured.product_id,
        count(*) as line_count,
        count(*) filter (
            where
            abs(
                cast(measured.gross_amount as double)
                - by_product.share_of_rest * cast(measured.rest_amount as double)
            ) < 0.011
        ) as share_count
    from measured
    inner join by_product
        on measured.product_id = by_product.product_id
    where
        measured.is_sale
        and by_product.share_of_rest < 1
        -- What is paid by the piece or by weight, as the product beside it, is no tax.
        and by_product.quantity_count = 1
        and by_product.line_count >= {{ least_lines }}
        and by_product.amount_count >= {{ least_prices }}
    group by 1

),

products_that_are_shares as (

    select shares.product_id
    from shares
    cross join sampled_orders
    left join products_that_are_sums
        on shares.product_id = products_that_are_sums.product_id
    where
        products_that_are_sums.product_id is null
        and shares.share_count >= {{ proven }} * shares.line_count
        and shares.line_count >= {{ least_orders_share }} * sampled_orders.order_count

),

counted_sums as (

    select
        order_lines.product_id,
        count(*) as row_count,
        sum(order_lines.gross_amount) as amount
    from order_lines
    inner join products_that_are_sums
        on order_lines.product_id = products_that_are_sums.product_id
    group by 1

),

counted_shares as (

    select
        order_lines.product_id,
        count(*) as row_count,
        sum(order_lines.gross_amount) as amount
    from order_lines
    inner join products_that_are_shares
        on order_lines.product_id = products_that_are_shares.product_id
    group by 1

),

sums_of_other_lines as (

    select
        'sums_of_other_lines' as kind,
        'product_id' as column_name,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(amount) as decimal(18, 2)) as amount,
        string_agg(product_id, ', ' order by amount desc, product_id asc) as example,
        'They are the sums of lines beside them in their orders, so this money counts twice:'
        || ' totals, or bundles whose parts are listed, too? Leave them out of the export, or add'
        || ' these products to seeds/non_product_codes.csv.' as suggestion
    from counted_sums
    having count(*) > 0

),

shares_of_other_lines as (

    select
        'shares_of_other_lines' as kind,
        'product_id' as column_name,
        cast(sum(row_count) as bigint) as row_count,
        cast(sum(amount) as decimal(18, 2)) as amount,
        string_agg(product_id, ', ' order by amount desc, product_id asc) as example,
        'They are the same share of the rest of their orders each time: a tax, a tip or a fee? They'
        || ' count as products that were sold; if they are none, add them to'
        || ' seeds/non_product_codes.csv.' as suggestion
    from counted_shares
    having count(*) > 0

),

unmatched_cancellations as (

    select
        transactions.product_id,
        transactions.customer_id,
        transactions.invoice_id,
        transactions.gross_amount
    from transactions
    left join cancellation_matches
        on transactions.input_row = cancellation_matches.cancellation_row
    where
        transactions.is_cancellation
        and transactions.rejection_reason is null
        and transactions.product_id is not null
        and cancellation_matches.cancellation_row is null

),

-- What was sold before the log begins comes back on invoices of its own: what stands among sales is
-- taken off them.
invoices_of_sales as (

    select distinct
        unmatched_cancellations.customer_id,
        unmatched_cancellations.invoice_id
    from unmatched_cancellations
    inner join orders
        on
            unmatched_cancellations.customer_id = orders.customer_id
            and unmatched_cancellations.invoice_id = orders.invoice_number

),

products_given_back as (

    select
        unmatched_cancellations.product_id,
        count(*) as row_count,
        sum(unmatched_cancellations.gross_amount) as amount
    from unmatched_cancellations
    left join invoices_of_sales
        on
            unmatched_cancellations.customer_id = invoices_of_sales.customer_id
            and unmatched_cancellations.invoice_id = invoices_of_sales.invoice_id
    group by 1
    having
        count(*) >= {{ least_returns }}
        and count(distinct unmatched_cancellations.customer_id) >= {{ least_customers }}
        and count(invoices_of_sales.invoice_id) >= {{ proven }} * count(*)

),

-- Somebody unknown may have bought them.
sold_all_the_same as (

    select distinct transactions.product_id
    from transactions
    inner join products_given_back
        on transactions.product_id = products_given_back.product_id
    where
        not transactions.is_cancellation
        and transactions.quantity > 0

),

given_back_but_never_sold as (

    select
        'given_back_but_never_sold' as kind,
        'product_id' as column_name,
        cast(sum(products_given_back.row_count) as bigint) as row_count,
        cast(sum(products_given_back.amount) as decimal(18, 2)) as amount,
        string_agg(
            products_given_back.product_id, ', '
            order by products_given_back.amount asc, products_given_back.product_id asc
        ) as example,
        'Nobody bought what they give back, so they net nothing: discounts or vouchers? Take them'
        || ' off the prices of the products that they are for.' as suggestion
    from products_given_back
    anti join sold_all_the_same
        on products_given_back.product_id = sold_all_the_same.product_id
    having count(*) > 0

),

warnings as (

    select * from sums_of_other_lines

    union all

    select * from shares_of_other_lines

    union all

    select * from given_back_but_never_sold

)

select
    kind,
    column_name,
    row_count,
    amount,
    example,
    suggestion
from warnings
