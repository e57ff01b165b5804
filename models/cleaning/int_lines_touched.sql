-- Lines that a build tells anew: they came, or what is taken back from them is matched anew.
with state as (

    select * from {{ ref('input_state') }}
    where not is_anew

)

select transactions.input_row
from {{ ref('int_transactions_flagged') }} as transactions
inner join state
    on transactions.input_row > state.last_row

union

select movements.input_row
from {{ ref('int_stock_movements') }} as movements
where {{ is_touched('product', 0, 'movements') | indent(4) }}
