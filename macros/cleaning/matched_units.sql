{#-
    SQL: CTEs that find what each cancellation takes back, last in, first out. The last of them,
    `matched_units`, has one row per cancellation and sale: both rows of the input, the customer,
    the product, the place of the cancellation in time, and the units. `movements` names a relation
    as `stock_movements` makes it.
-#}
{% macro matched_units(movements) -%}
level_changes as (

    select
        *,
        least(level_before, level_after) as level_from,
        greatest(level_before, level_after) as level_to
    from {{ movements }}
    where level_before <> level_after

),

level_bounds as (

    select
        customer_id,
        product_id,
        level_from as level_bound
    from level_changes

    union

    select
        customer_id,
        product_id,
        level_to as level_bound
    from level_changes

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
        level_changes.input_row,
        level_changes.customer_id,
        level_changes.product_id,
        level_changes.movement_number,
        level_changes.is_cancellation,
        elementary_intervals.interval_to - elementary_intervals.interval_from as units,
        lag(level_changes.input_row) over (
            partition by
                level_changes.customer_id,
                level_changes.product_id,
                elementary_intervals.interval_from
            order by level_changes.movement_number
        ) as previous_input_row
    from level_changes
    inner join elementary_intervals
        on
            level_changes.customer_id = elementary_intervals.customer_id
            and level_changes.product_id = elementary_intervals.product_id
            and level_changes.level_from <= elementary_intervals.interval_from
            and level_changes.level_to >= elementary_intervals.interval_to

),

matched_units as (

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

)
{%- endmacro %}
