-- What this build fits, for all that stores a part of it.
select
    model_version,
    baseline_date,
    count(*) filter (where is_fitted) as customers_fitted
from {{ ref('int_fit_population') }}
group by 1, 2
