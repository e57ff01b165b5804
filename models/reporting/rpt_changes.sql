with segment_changes as (

    select * from {{ ref('segment_changes') }}

)

select
    segmentation,
    change_type,
    cause,
    count(*) as change_count,
    as_of_date
from segment_changes
group by all
