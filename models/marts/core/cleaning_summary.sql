-- Few rows are left where texts are made: to group by what is stored takes half the time.
with counted as (

    select
        rejection_reason,
        is_cancellation,
        count(*) as row_count,
        sum(quantity) as units,
        sum(gross_amount) as amount
    from {{ ref('int_transactions_flagged') }}
    group by 1, 2

),

transactions as (

    select
        coalesce(
            rejection_reason, case when is_cancellation then 'cancellation' else 'accepted' end
        ) as step,
        sum(row_count) as row_count,
        coalesce(sum(units), 0) as units,
        coalesce(sum(amount), 0) as amount
    from counted
    group by 1

),

-- Cancelled sale lines lose units and money, but stay as rows.
cancelled as (

    select
        'taken back' as step,
        0 as row_count,
        coalesce(sum(units), 0) as units,
        coalesce(sum(amount), 0) as amount
    from {{ ref('int_cancellation_matches') }}

),

steps as (

    select
        generate_subscripts(step_names, 1) as step_number,
        unnest(step_names) as step
    from (
        select [
            'cancelled_order', 'ignored_order', 'unreadable', 'implausible_date',
            'missing_customer', 'duplicate', 'other_currency', 'stock_adjustment', 'no_quantity',
            'non_product', 'no_price', 'cancellation', 'taken back'
        ] as step_names
    ) as listed

),

input_totals as (

    select
        coalesce(sum(row_count), 0) as row_count,
        coalesce(sum(units), 0) as units,
        coalesce(sum(amount), 0) as amount
    from transactions

),

removals as (

    select * from transactions

    union all

    select * from cancelled

),

removed as (

    select
        steps.step_number,
        steps.step,
        coalesce(removals.row_count, 0) as rows_removed,
        coalesce(removals.units, 0) as units_removed,
        coalesce(removals.amount, 0) as amount_removed
    from steps
    left join removals
        on steps.step = removals.step

),

running as (

    select
        removed.*,
        input_totals.row_count - sum(removed.rows_removed) over up_to_here as rows_after,
        input_totals.units - sum(removed.units_removed) over up_to_here as units_after,
        input_totals.amount - sum(removed.amount_removed) over up_to_here as amount_after
    from removed
    cross join input_totals
    window up_to_here as (
        order by removed.step_number
        rows between unbounded preceding and current row
    )

)

select
    cast(step_number as integer) as step_number,
    step,
    cast(rows_after + rows_removed as bigint) as rows_before,
    cast(rows_removed as bigint) as rows_removed,
    cast(rows_after as bigint) as rows_after,
    cast(units_after + units_removed as decimal(18, 3)) as units_before,
    cast(units_removed as decimal(18, 3)) as units_removed,
    cast(units_after as decimal(18, 3)) as units_after,
    cast(amount_after + amount_removed as decimal(18, 2)) as amount_before,
    cast(amount_removed as decimal(18, 2)) as amount_removed,
    cast(amount_after as decimal(18, 2)) as amount_after
from running
order by 1
