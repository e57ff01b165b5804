-- It warns: a row that is in two files is ingested once, but where an export writes its own
-- time into each row, none are equal. Whether such lines are the same sales is for people to
-- decide, as two files may well hold equal ones. Without invoices they often do: it checks none of
-- these.
{{ config(severity='warn') }}

with ingested_files as (

    select * from {{ source('state', 'ingested_files') }}

),

lines as (

    select
        file_name,
        other_columns,
        input_row,
        {{ text_key([
            'invoice_id', 'product_id', 'product_description', 'quantity', 'ordered_at',
            'unit_price', 'amount', 'customer_id', 'country', 'order_status', 'transaction_type',
            'currency'
        ]) | indent(8) }} as line_key
    from {{ ref('base_transactions') }}
    where
        invoice_id is not null
        and other_columns is not null
        -- A single file repeats no other.
        and (select count(*) > 1 from ingested_files)

),

first_files as (

    select
        line_key,
        min_by(file_name, input_row) as file_name
    from lines
    group by 1
    having
        count(distinct file_name) > 1
        and count(distinct other_columns) > 1

),

repeated as (

    select
        lines.file_name,
        count(*) as line_count,
        min(first_files.file_name) as other_file,
        array_to_string(json_keys(min(lines.other_columns)), ', ') as columns
    from lines
    inner join first_files
        on lines.line_key = first_files.line_key
    where lines.file_name <> first_files.file_name
    group by 1

)

select
    concat(
        line_count, ' lines of ', file_name, ' are in ', other_file,
        ' too, but for columns that the build does not read (', columns,
        '): they count twice. If they are the same sales, leave out these columns',
        ' or the repeated lines, and run ''dbt build --full-refresh''.'
    ) as warning
from repeated
order by 1
