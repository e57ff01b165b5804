{#- One who has so many of all orders, or so many times the usual number, may be none. -#}
{%- set most_orders_share = 0.2 %}
{%- set most_orders_ratio = 50 %}
{%- set least_customers = 10 %}
{#- A shop with so many orders has customers who came back. -#}
{%- set least_orders = 50 %}

with transactions as (

    select * from {{ ref('int_transactions_flagged') }}

),

orders as (

    select * from {{ ref('int_orders') }}

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

    select * from lost_digits

    union all

    select * from lost_zeros

    union all

    select * from placeholders

    union all

    select * from one_order_each

    union all

    select * from reused_numbers

)

select
    kind,
    column_name,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    example,
    suggestion
from warnings
