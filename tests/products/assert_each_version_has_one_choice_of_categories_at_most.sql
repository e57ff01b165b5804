-- A version has one number of categories, or none where nothing could be learned.
select
    prediction_run,
    model_version,
    count(*) as chosen
from {{ ref('int_category_candidates') }}
where is_chosen
group by 1, 2
having count(*) > 1
