-- A build stores each of its doubts once, at the first of the files that it read.
-- depends_on: {{ ref('base_transactions') }}
with findings as (

    {{ input_findings() | indent(4) }}

)

select
    kind,
    column_name,
    file_name,
    count(*) as occurrences
from findings
group by 1, 2, 3
having count(*) > 1
