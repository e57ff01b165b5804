select
    features.customer_id,
    features.feature,
    features.value
from {{ ref('int_interest_features') }} as features
inner join {{ ref('int_fit_population') }} as population
    on
        features.customer_id = population.customer_id
        and features.as_of_date = population.baseline_date
where population.is_fitted
