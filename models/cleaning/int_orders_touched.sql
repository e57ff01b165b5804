-- Orders that a build tells anew: lines of theirs came, or were matched anew.
select distinct
    lines.customer_id,
    lines.invoice_id
from {{ ref('order_lines') }} as lines
where {{ is_touched('line', none, 'lines') | indent(4) }}
