select
    block_number,
    section,
    question,
    chart,
    title,
    problem,
    figures,
    points,
    table_rows
from {{ ref('int_report_charts') }}
