select
    block_number,
    section,
    question,
    chart,
    title,
    failure_reason,
    figures,
    points,
    table_rows
from {{ ref('rpt_charts') }}
