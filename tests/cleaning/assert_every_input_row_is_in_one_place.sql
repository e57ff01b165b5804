-- Order lines, cancellations and rejected rows: each row of the input is in exactly one of them.
with places as (

    select input_row from {{ ref('order_lines') }}

    union all

    select input_row from {{ ref('cancellations') }}

    union all

    select input_row from {{ ref('rejected_transactions') }}

),

counted as (

    select
        input_row,
        count(*) as times
    from places
    group by 1

)

select
    input_rows.input_row,
    coalesce(counted.times, 0) as times
from {{ ref('base_transactions') }} as input_rows
full outer join counted
    on input_rows.input_row = counted.input_row
where
    counted.times is distinct from 1
    or input_rows.input_row is null
