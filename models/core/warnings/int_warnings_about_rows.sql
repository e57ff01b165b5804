{%- set most_rejected_share = 0.5 %}
{#- An export rarely repeats as many rows: they may be pieces or tickets, one by one. -#}
{%- set many_duplicates_share, few_duplicates = 0.05, 5 %}
{#-
    The first of two bytes of UTF-8, read as Latin-1 or Windows-1252, and what can only be its
    second.
-#}
{%- set garbled_letters = '[ÂÃÐ][\\x{0080}-\\x{00BF}€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œŸ]|\\x{FFFD}' %}

-- Not materialized: DuckDB would store all lines, as they are read more than once.
with transactions as not materialized (

    select * from {{ ref('int_transactions_flagged') }}

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

totals as (

    select
        count(*) as row_count,
        sum(gross_amount) as amount,
        -- What nobody is known to have bought was sold all the same.
        count(*) filter (
            where (rejection_reason is null and not is_cancellation)
            or rejection_reason = 'missing_customer'
        ) as sale_count,
        count(*) filter (where rejection_reason is null) as used_count
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
        case
            when transactions.rejection_reason in ('cancelled_order', 'ignored_order')
                then
                    'By their status or type, half of all rows or more are no sales. If that is'
                    || ' wrong, change what the words mean in seeds/order_statuses.csv or'
                    || ' seeds/transaction_types.csv.'
            else
                'Half of all rows or more are rejected for one reason. Is the column mapped'
                || ' rightly?'
        end as suggestion
    from transactions
    cross join totals
    where
        transactions.rejection_reason is not null
        and transactions.rejection_reason <> 'duplicate'
    group by 5, 6
    having count(*) >= {{ most_rejected_share }} * max(totals.row_count)

),

many_duplicates as (

    select
        'many_duplicates' as kind,
        cast(null as varchar) as column_name,
        count(*) as row_count,
        sum(transactions.gross_amount) as amount,
        min(transactions.invoice_id) as example,
        'They equal an earlier row of their order in all columns, and are rejected as copies. If'
        || ' each piece or ticket is a row of its own, set duplicates: keep.' as suggestion
    from transactions
    cross join totals
    where
        transactions.rejection_reason = 'duplicate'
        -- Where the setting says what they are, nothing is open.
        and {{ 'true' if var('duplicates') is none else 'false' }}
    having
        count(*) >= {{ few_duplicates }}
        and count(*) >= {{ many_duplicates_share }} * (count(*) + max(totals.used_count))

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

warnings as (

    select * from unreadable

    union all

    select * from no_sales

    union all

    select * from mostly_rejected

    union all

    select * from many_duplicates

    union all

    select * from garbled

)

select
    kind,
    column_name,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    example,
    suggestion
from warnings
