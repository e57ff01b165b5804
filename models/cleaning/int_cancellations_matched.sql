{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='customer_id',
    on_schema_change='sync_all_columns',
) }}

with movements as (

    select
        *,
        least(level_before, level_after) as level_from,
        greatest(level_before, level_after) as level_to
    from {{ ref('int_stock_movements') }}
    where
        level_before <> level_after
        and {{ is_changed() | indent(8) }}

),

level_bounds as (

    select
        customer_id,
        product_id,
        level_from as level_bound
    from movements

    union

    select
        customer_id,
        product_id,
        level_to as level_bound
    from movements

),

-- No movement begins or ends inside an elementary interval: each covers it whole or not at all.
elementary_intervals as (

    select
        customer_id,
        product_id,
        level_bound as interval_from,
        lead(level_bound) over (
            partition by customer_id, product_id order by level_bound
        ) as interval_to
    from level_bounds

),

-- On one interval sales and cancellations alternate, for it is filled before it is emptied: what a
-- cancellation empties is what the movement just before it there has filled. That is last in, first
-- out.
crossings as (

    select
        movements.input_row,
        movements.customer_id,
        movements.product_id,
        movements.movement_number,
        movements.is_cancellation,
        elementary_intervals.interval_to - elementary_intervals.interval_from as units,
        lag(movements.input_row) over (
            partition by
                movements.customer_id,
                movements.product_id,
                elementary_intervals.interval_from
            order by movements.movement_number
        ) as previous_input_row
    from movements
    inner join elementary_intervals
        on
            movements.customer_id = elementary_intervals.customer_id
            and movements.product_id = elementary_intervals.product_id
            and movements.level_from <= elementary_intervals.interval_from
            and movements.level_to >= elementary_intervals.interval_to

)

select
    input_row as cancellation_row,
    previous_input_row as sale_row,
    customer_id,
    product_id,
    movement_number,
    cast(sum(units) as decimal(18, 3)) as units
from crossings
where is_cancellation
group by 1, 2, 3, 4, 5
