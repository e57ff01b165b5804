select
    segmentation,
    change_type,
    cause,
    count(*) as changes,
    as_of_date
from {{ ref('segment_changes') }}
group by all
