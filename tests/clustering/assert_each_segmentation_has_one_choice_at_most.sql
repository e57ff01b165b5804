-- A version has one clustering for each segmentation, or none where nothing could be clustered.
with candidates as (

    select
        model_version,
        segmentation
    from {{ ref('int_candidates_ranked') }}
    where is_chosen

    union all

    select
        model_version,
        segmentation
    from {{ ref('int_interest_candidates_ranked') }}
    where is_chosen

)

select
    model_version,
    segmentation,
    count(*) as chosen
from candidates
group by 1, 2
having count(*) > 1
