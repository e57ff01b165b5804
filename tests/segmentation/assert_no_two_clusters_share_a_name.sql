-- A segment is one cluster: its rules and its strategy are those of its name.
select
    segmentation,
    segment,
    count(distinct cluster) as clusters
from {{ ref('int_customers_labelled') }}
group by 1, 2
having count(distinct cluster) > 1
