-- A version has one clustering for each segmentation, or none where nothing could be clustered.
select
    model_version,
    segmentation,
    count(*) as chosen
from {{ ref('candidate_versions') }}
where is_chosen
group by 1, 2
having count(*) > 1
