with labels as (

    {{ chosen_labels(ref('int_interest_candidates_ranked'), ref('interest_candidate_labels')) | indent(4) }}

),

fitted_features as (

    select * from {{ ref('int_interest_features') }}
    where is_fitted

),

sizes as (

    select
        cluster,
        count(*) as size,
        sum(count(*)) over () as customers
    from labels
    group by 1

),

-- A share that is missing is 0. As decimals, as a sum of doubles depends on their order.
sums as (

    select
        labels.cluster,
        fitted_features.feature,
        sum(cast(fitted_features.value as decimal(18, 9))) as value
    from labels
    inner join fitted_features
        on labels.customer_id = fitted_features.customer_id
    group by 1, 2

),

features as (

    select
        feature,
        sum(value) as value
    from sums
    group by 1

)

select
    sizes.cluster,
    features.feature,
    sizes.size,
    coalesce(sums.value, 0) / sizes.size as mean,
    features.value / sizes.customers as mean_of_all
from sizes
cross join features
left join sums
    on
        sizes.cluster = sums.cluster
        and features.feature = sums.feature
