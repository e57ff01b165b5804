{#-
    One who has so many of all orders, and so many times those of the next who has fewer than that,
    or so many times the usual number, may be none.
-#}
{%- set most_orders_share = 0.2 %}
{%- set most_orders_of_next = 4 %}
{%- set most_orders_ratio = 50 %}
{%- set least_customers = 10 %}
{#- A shop with so many orders has several customers, some of whom came back. -#}
{%- set least_orders = 50 %}
{#- Where more of all ids look random, their case is part of them. -#}
{%- set random_share = 0.05 %}
{#- So many customers who came back leave no chance that all of them stop on one day. -#}
{%- set least_returning = 5 %}
{#- Where so many numbers that come again are of one amount, they may be instalments. -#}
{%- set instalments_share = 0.9 %}
{%- set least_instalments = 10 %}

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
        sum(gross_amount) as amount,
        min(order_date) as first_date,
        max(order_date) as last_date
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

-- Only ids of both cases can differ in case, and random ones, such as aB3, do so on purpose.
letters as (

    select
        bool_or(customer_id <> lower(customer_id))
        and bool_or(customer_id <> upper(customer_id))
        and count(*) filter (
            where
            customer_id <> lower(customer_id)
            and customer_id <> upper(customer_id)
            and regexp_matches(customer_id, '[a-z][A-Z]([^a-z]|$)')
        ) <= {{ random_share }} * count(*) as may_differ_in_case
    from orders_by_customer

),

-- As a reader takes them: in whatever case, and without the signs between thousands.
plain_ids as (

    select
        orders_by_customer.customer_id,
        orders_by_customer.order_count,
        orders_by_customer.amount,
        case
            when
                left(right(orders_by_customer.customer_id, 4), 1) in (',', '.', ' ', '''')
                and regexp_full_match(
                    orders_by_customer.customer_id, '[0-9]{1,3}([., ''][0-9]{3})+'
                )
                then regexp_replace(orders_by_customer.customer_id, '[., '']', '', 'g')
            when letters.may_differ_in_case then lower(orders_by_customer.customer_id)
            else orders_by_customer.customer_id
        end as plain_id
    from orders_by_customer
    cross join letters

),

-- Most ids are plain: only the others can be another's.
varied_ids as (

    select distinct plain_id
    from plain_ids
    where customer_id <> plain_id

),

similar_customers as (

    select
        plain_ids.plain_id,
        count(*) as customer_count,
        sum(plain_ids.order_count) as order_count,
        sum(plain_ids.amount) as amount,
        min(plain_ids.customer_id) as first_id,
        max(plain_ids.customer_id) as last_id
    from plain_ids
    inner join varied_ids
        on plain_ids.plain_id = varied_ids.plain_id
    group by 1
    having count(*) > 1

),

similar_ids as (

    select
        'similar_ids' as kind,
        'customer_id' as column_name,
        sum(order_count) as row_count,
        sum(amount) as amount,
        concat(
            sum(customer_count), ' ids in place of ', count(*), ': ',
            min(concat(first_id, ', ', last_id))
        ) as example,
        'Orders of ids that differ in capital letters alone, or in signs between thousands: one'
        || ' customer may count as several. Write them alike in the export.' as suggestion
    from similar_customers
    having count(*) > 0

),

-- What an id looks like: an e-mail address, a number of so many digits, or one behind some letters.
ids_by_form as (

    select
        case
            when contains(customer_id, '@') then '@'
            when regexp_full_match(customer_id, '[0-9]+')
                then cast(length(customer_id) as varchar)
            else regexp_extract(customer_id, '^([A-Za-z]{1,4}[-_ ]?)[0-9]+$', 1)
        end as form,
        min(first_date) as first_date,
        max(last_date) as last_date,
        min(customer_id) as least_id,
        max(customer_id) as greatest_id,
        count(*) as customer_count,
        count(*) filter (where first_date < last_date) as returning_count,
        sum(order_count) as order_count,
        sum(amount) as amount
    from orders_by_customer
    group by 1

),

-- After how many days customers usually come back.
usual_gap as (

    select median((last_date - first_date) / (order_count - 1)) as gap_days
    from orders_by_customer
    where first_date < last_date

),

-- At each day on which a form begins: the customers of the forms before.
form_beginnings as (

    select
        first_date,
        least_id,
        max(last_date) over () - first_date as days_after,
        max(last_date) over earlier as last_date_before,
        last_value(least_id) over earlier as least_id_before,
        last_value(greatest_id) over earlier as greatest_id_before,
        sum(customer_count) over earlier as customers_before,
        sum(returning_count) over earlier as returning_before,
        sum(order_count) over earlier as orders_before,
        sum(amount) over earlier as amount_before,
        sum(customer_count) over later as customers_after
    from ids_by_form
    window
        earlier as (
            order by first_date, form rows between unbounded preceding and 1 preceding
        ),
        later as (order by first_date, form rows between current row and unbounded following)

),

-- Customers came back before, and from one day on nobody does.
changed_ids as (

    select
        'ids_changed' as kind,
        'customer_id' as column_name,
        form_beginnings.orders_before as row_count,
        form_beginnings.amount_before as amount,
        concat(
            form_beginnings.least_id_before, ' until ', form_beginnings.last_date_before, ', ',
            form_beginnings.least_id, ' from ', form_beginnings.first_date
        ) as example,
        'From this day on all ids are of another form, and no customer from before comes back: one'
        || ' person may count as lost and as new. Give the rows of both times the same ids, or'
        || ' leave the earlier ones out.' as suggestion
    from form_beginnings
    cross join usual_gap
    where
        form_beginnings.last_date_before < form_beginnings.first_date
        and form_beginnings.days_after >= usual_gap.gap_days
        -- Numbers that go on with one digit more are those of new customers.
        and not coalesce(
            try_cast(form_beginnings.least_id as bigint)
            - try_cast(form_beginnings.greatest_id_before as bigint)
            between 1 and form_beginnings.customers_before,
            false
        )
        and form_beginnings.customers_before >= {{ least_customers }}
        and form_beginnings.customers_after >= {{ least_customers }}
        and form_beginnings.returning_before >= {{ least_returning }}

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

-- A shop with so many orders has several customers: this is the shop's own number, or a country.
one_customer as (

    select
        'one_customer' as kind,
        'customer_id' as column_name,
        sum(order_count) as row_count,
        sum(amount) as amount,
        min(customer_id) as example,
        'All orders are of one customer. If another column identifies people, name it in'
        || ' column_mapping.' as suggestion
    from orders_by_customer
    having
        count(*) = 1
        and sum(order_count) >= {{ least_orders }}

),

-- Of a dozen customers one has a fifth of all orders anyway.
next_customer as (

    select max(orders_by_customer.order_count) as order_count
    from orders_by_customer
    cross join typical_customer
    where
        orders_by_customer.order_count
        <= {{ most_orders_share }} * typical_customer.order_count

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
    cross join next_customer
    where
        typical_customer.customer_count >= {{ least_customers }}
        and (
            (
                orders_by_customer.order_count
                > {{ most_orders_share }} * typical_customer.order_count
                and orders_by_customer.order_count
                >= {{ most_orders_of_next }} * next_customer.order_count
            )
            or orders_by_customer.order_count
            > {{ most_orders_ratio }} * typical_customer.median_order_count
        )
    having count(*) > 0

),

-- Each but the first order of a number.
reused_orders as (

    select
        reused.invoice_id,
        reused.invoice_number,
        reused.gross_amount,
        coalesce(reused.gross_amount = first_orders.gross_amount, false) as is_same_amount
    from orders as reused
    left join orders as first_orders
        on
            reused.customer_id = first_orders.customer_id
            and reused.invoice_number = first_orders.invoice_id
    where reused.invoice_id <> reused.invoice_number

),

numbers as (

    select count(distinct invoice_number) as number_count from orders

),

reused_numbers as (

    select
        'reused_invoice_numbers' as kind,
        'invoice_id' as column_name,
        count(*) as row_count,
        sum(reused_orders.gross_amount) as amount,
        min(reused_orders.invoice_id) as example,
        case
            when
                count(*) filter (where reused_orders.is_same_amount)
                >= {{ instalments_share }} * count(*)
                and 2 * count(distinct reused_orders.invoice_number) >= max(numbers.number_count)
                and count(*) >= {{ least_instalments }}
                then
                    'Most numbers come again later with the same amount, and each time counts:'
                    || ' right for the months of a contract. If they are instalments of one order,'
                    || ' export what was paid each time, or each order once.'
            else
                'These numbers come again more than max_order_days later, so they are orders of'
                || ' their own.'
        end as suggestion
    from reused_orders
    cross join numbers
    having count(*) > 0

),

warnings as (

    select * from lost_digits

    union all

    select * from lost_zeros

    union all

    select * from similar_ids

    union all

    select * from changed_ids

    union all

    select * from placeholders

    union all

    select * from one_order_each

    union all

    select * from one_customer

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
