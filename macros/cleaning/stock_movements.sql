{#-
    SQL: CTEs that put the sales and cancellations of each customer-product in order, as far as
    something of it was cancelled: what never was can't be matched. The last of them,
    `stock_movements`, has the level before and after each: the units that the customer still has.
    `lines` names a relation of accepted lines.
-#}
{% macro stock_movements(lines) -%}
cancelled_products as materialized (

    select distinct
        customer_id,
        product_id
    from {{ lines }}
    where is_cancellation

),

-- Ties in time are ordered by content, so that the order of rows in the file changes nothing. Rows
-- that are equal in all of it differ in nothing that is matched.
ordered_movements as (

    select
        lines.input_row,
        lines.customer_id,
        lines.product_id,
        lines.quantity,
        lines.is_cancellation,
        row_number() over (
            partition by lines.customer_id, lines.product_id
            order by
                lines.ordered_at,
                lines.is_cancellation,
                lines.invoice_id,
                lines.unit_price,
                lines.quantity,
                lines.gross_amount,
                lines.product_description nulls last,
                lines.country nulls last,
                lines.other_columns nulls last,
                lines.input_row
        ) as movement_number
    from {{ lines }} as lines
    inner join cancelled_products
        on
            lines.customer_id = cancelled_products.customer_id
            and lines.product_id = cancelled_products.product_id

),

balances as (

    select
        *,
        sum(quantity) over (
            partition by customer_id, product_id
            order by movement_number
            rows between unbounded preceding and current row
        ) as balance
    from ordered_movements

),

-- The level is what the customer still has: the balance clipped at zero, for nobody gives back what
-- they never had. What the clipping added so far is the lowest balance so far, where that is below
-- zero.
levels as (

    select
        *,
        balance - least(
            0,
            min(balance) over (
                partition by customer_id, product_id
                order by movement_number
                rows between unbounded preceding and current row
            )
        ) as level_after
    from balances

),

-- Read several times, and costly: materialized, so that every engine computes it once.
stock_movements as materialized (

    select
        input_row,
        customer_id,
        product_id,
        movement_number,
        quantity,
        cast(
            coalesce(
                lag(level_after) over (
                    partition by customer_id, product_id order by movement_number
                ),
                0
            ) as decimal(18, 3)
        ) as level_before,
        cast(level_after as decimal(18, 3)) as level_after,
        is_cancellation
    from levels

)
{%- endmacro %}
