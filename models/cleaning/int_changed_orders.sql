-- Orders that a build tells anew: lines of theirs came, or were matched anew.
select distinct
    customer_id,
    invoice_id
from {{ ref('order_lines') }}
where {{ is_changed('line', 0) | indent(4) }}
