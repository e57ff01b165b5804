-- What the three tables hold is what the typed input holds, to the penny and to the unit.
with input_totals as (

    select
        coalesce(sum(gross_amount), 0) as amount,
        coalesce(sum(quantity), 0) as units
    from {{ ref('stg_transactions') }}

),

places as (

    select
        gross_amount as amount,
        quantity as units
    from {{ ref('order_lines') }}

    union all

    select
        rows_as_read.gross_amount as amount,
        -cancellations.quantity as units
    from {{ ref('cancellations') }} as cancellations
    inner join {{ ref('int_transactions_flagged') }} as rows_as_read
        on cancellations.input_row = rows_as_read.input_row

    union all

    select
        gross_amount as amount,
        quantity as units
    from {{ ref('rejected_transactions') }}

),

place_totals as (

    select
        coalesce(sum(amount), 0) as amount,
        coalesce(sum(units), 0) as units
    from places

)

select
    input_totals.*,
    place_totals.*
from input_totals
inner join place_totals
    on
        input_totals.amount <> place_totals.amount
        or input_totals.units <> place_totals.units
