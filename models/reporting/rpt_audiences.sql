select
    segmentation,
    segment,
    count(*) filter (where not is_control) as customers_addressed,
    count(*) filter (where is_control) as customers_left_alone
from {{ ref('audiences') }}
group by 1, 2
