-- What someone would write for files of these columns without dbt: the yardstick of benchmarks/ground_floor.py, for the
-- UCI file (text, with its date format alone) and for a Parquet file with types. It stores rejected rows unchanged and writes the
-- same marts. $rows, $input_row and $ordered_at are what differs between the two.
create $kind rows_read as
select
    $input_row as input_row,
    *
from $rows;

create table typed as
select
    input_row,
    nullif(trim(InvoiceNo), '') as invoice_id,
    upper(nullif(trim(StockCode), '')) as product_id,
    nullif(trim(Description), '') as product_description,
    nullif(trim(CustomerID), '') as customer_id,
    nullif(trim(Country), '') as country,
    try_cast(Quantity as decimal(18, 3)) as quantity,
    try_cast(UnitPrice as decimal(18, 4)) as unit_price,
    $ordered_at as ordered_at
from rows_read;

-- Equal rows have one hash, and few others have it: only these are compared.
create table duplicates as
with hashed as (
    select
        input_row,
        hash(invoice_id, product_id, product_description, customer_id, country, quantity, unit_price, ordered_at) as row_hash
    from typed
),

shared as (
    select row_hash from hashed
    group by row_hash
    having count(*) > 1
),

numbered as (
    select
        input_row,
        row_number() over (
            partition by invoice_id, product_id, product_description, customer_id, country, quantity, unit_price, ordered_at
            order by input_row
        ) as occurrence
    from typed
    where input_row in (select input_row from hashed inner join shared using (row_hash))
)

select input_row from numbered
where occurrence > 1;

create table flagged as
with counted as (
    select
        typed.*,
        cast(cast(quantity as decimal(38, 3)) * unit_price as decimal(18, 2)) as gross_amount,
        duplicates.input_row is not null as is_duplicate,
        quantity < 0 and invoice_id like 'C%' as is_cancellation
    from typed
    left join duplicates using (input_row)
)

select
    *,
    case
        when invoice_id is null or product_id is null or quantity is null or unit_price is null or ordered_at is null
            then 'unreadable'
        when customer_id is null then 'missing_customer'
        when is_duplicate then 'duplicate'
        when quantity <= 0 and not is_cancellation then 'stock_adjustment'
        when product_id in ('POST', 'DOT', 'C2', 'M', 'D', 'S', 'B', 'PADS', 'BANK CHARGES', 'AMAZONFEE', 'CRUK')
            or product_id like 'GIFT\_%' escape '\' then 'non_product'
        when unit_price <= 0 then 'no_price'
    end as reason
from counted;

create table rejected_transactions as
select
    flagged.* exclude (is_duplicate, is_cancellation),
    cast(to_json(rows_read) as varchar) as raw_row
from flagged
inner join rows_read using (input_row)
where flagged.reason is not null;

create table matches as
with movements as (
    select
        input_row, customer_id, product_id, quantity, is_cancellation,
        row_number() over (
            partition by customer_id, product_id
            order by ordered_at, is_cancellation, invoice_id, unit_price, quantity, product_description, country, input_row
        ) as place
    from flagged
    where
        reason is null
        and (customer_id, product_id) in (
            select (customer_id, product_id) from flagged where reason is null and is_cancellation
        )
),

balances as (
    select *, sum(quantity) over (partition by customer_id, product_id order by place) as balance from movements
),

levels as (
    select
        *, balance - least(0, min(balance) over (partition by customer_id, product_id order by place)) as level_after
    from balances
),

spans as (
    select
        *, coalesce(lag(level_after) over (partition by customer_id, product_id order by place), 0) as level_before
    from levels
),

bounds as (
    select customer_id, product_id, level_after as bound from spans
    union
    select customer_id, product_id, level_before from spans
),

intervals as (
    select *, lead(bound) over (partition by customer_id, product_id order by bound) as next_bound from bounds
),

crossings as (
    select
        spans.input_row, spans.is_cancellation, next_bound - bound as units,
        lag(spans.input_row) over (partition by spans.customer_id, spans.product_id, bound order by place) as sale_row
    from spans
    inner join intervals
        on
            spans.customer_id = intervals.customer_id
            and spans.product_id = intervals.product_id
            and least(level_before, level_after) <= bound
            and greatest(level_before, level_after) >= next_bound
)

select input_row as cancellation_row, sale_row, sum(units) as units
from crossings
where is_cancellation
group by all;

create table cancellation_matches as
select
    matches.*, matches.units * sales.unit_price as amount, sales.customer_id, sales.product_id,
    sales.invoice_id as sale_invoice_id, cancelling.invoice_id as cancellation_invoice_id,
    sales.ordered_at, cancelling.ordered_at as cancelled_at
from matches
inner join flagged as cancelling on matches.cancellation_row = cancelling.input_row
inner join flagged as sales on matches.sale_row = sales.input_row;

create table order_lines as
select
    flagged.* exclude (product_description, is_duplicate, is_cancellation, reason),
    coalesce(matched.units, 0) as cancelled_quantity, coalesce(matched.amount, 0) as cancelled_amount,
    gross_amount - coalesce(matched.amount, 0) as revenue, cast(ordered_at as date) as order_date
from flagged
left join (select sale_row, sum(units) as units, sum(amount) as amount from cancellation_matches group by all) as matched
    on flagged.input_row = matched.sale_row
where flagged.reason is null and not flagged.is_cancellation;

create table cancellations as
select
    flagged.input_row, invoice_id, product_id, customer_id, -quantity as quantity,
    coalesce(matched.units, 0) as matched_quantity, -quantity - coalesce(matched.units, 0) as unmatched_quantity, ordered_at
from flagged
left join (select cancellation_row, sum(units) as units from matches group by all) as matched
    on flagged.input_row = matched.cancellation_row
where flagged.reason is null and flagged.is_cancellation;

create table orders as
select
    invoice_id, customer_id, min(country) as country, count(*) as order_lines, sum(quantity) as units,
    sum(cancelled_quantity) as cancelled_units, sum(gross_amount) as gross_amount, sum(revenue) as revenue,
    min(ordered_at) as ordered_at
from order_lines
group by all;

create table products as
with description_variants as (
    select product_id, regexp_replace(product_description, '\s+', ' ', 'g') as spelling, count(*) as times, max(ordered_at) as last_at
    from flagged
    where reason is null and not is_cancellation
    group by all
)

select sold.*, best.spelling
from (
    select product_id, count(*) as order_lines, count(distinct customer_id) as customers, sum(revenue) as revenue
    from order_lines
    group by all
) as sold
left join (
    select product_id, max_by(spelling, (times, last_at, spelling)) as spelling from description_variants group by all
) as best using (product_id);

create table cleaning_summary as
select
    coalesce(reason, case when is_cancellation then 'cancellation' else 'accepted' end) as step,
    count(*) as row_count, sum(quantity) as units, sum(gross_amount) as amount
from flagged
group by all;
