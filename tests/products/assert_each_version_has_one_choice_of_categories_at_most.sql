-- A version has one number of categories, or none where nothing could be learned.
select
    model_version,
    count(*) as chosen
from {{ ref('category_candidate_versions') }}
where is_chosen
group by 1
having count(*) > 1
