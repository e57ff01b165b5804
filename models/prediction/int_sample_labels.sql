-- What came of each frame, one class a task.
select
    'interest' as task,
    cast(category as varchar) as outcome,
    sample_number
from {{ ref('int_sample_interests') }}
where interest_rank = 1

union all

select
    segmentation as task,
    segment as outcome,
    sample_number
from {{ ref('int_sample_segments') }}
