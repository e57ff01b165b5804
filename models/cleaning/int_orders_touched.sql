-- Orders that a build tells anew: rows of theirs came, or were matched anew.
with state as (

    select * from {{ ref('input_state') }}
    where not is_anew

),

lines as (

    select distinct
        lines.customer_id,
        lines.invoice_id
    from {{ ref('order_lines') }} as lines
    inner join state
        on
            lines.input_row > state.last_row
            or {{ is_touched('product', none, 'lines') | indent(12) }}

)

select * from lines
