with transactions as (

    select
        product_id,
        regexp_replace(product_description, '\s+', ' ', 'g') as spelling,
        ordered_at
    from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is null
        and not is_cancellation
        and product_description is not null

)

select
    product_id,
    spelling,
    count(*) as order_lines,
    max(ordered_at) as last_used_at
from transactions
group by 1, 2
