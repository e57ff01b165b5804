-- Of every candidate, not of the chosen one alone: so the profiles need not wait for the choice.
with labels as (

    select labels.*
    from {{ ref('interest_candidate_labels') }} as labels
    inner join {{ ref('model_versions') }} as versions
        on
            labels.model_version = versions.model_version
            and versions.is_active

),

fitted_features as (

    select * from {{ ref('int_interest_features') }}
    where is_fitted

),

sizes as (

    select
        model_version,
        k,
        cluster,
        count(*) as size,
        sum(count(*)) over (partition by model_version, k) as customers
    from labels
    group by 1, 2, 3

),

-- A share that is missing is 0. As decimals, as a sum of doubles depends on their order.
sums as (

    select
        labels.k,
        labels.cluster,
        fitted_features.feature,
        sum(cast(fitted_features.value as decimal(18, 9))) as value
    from labels
    inner join fitted_features
        on labels.customer_id = fitted_features.customer_id
    group by 1, 2, 3

),

features as (

    select
        k,
        feature,
        sum(value) as value
    from sums
    group by 1, 2

)

select
    sizes.model_version,
    sizes.k,
    sizes.cluster,
    features.feature,
    sizes.size,
    coalesce(sums.value, 0) / sizes.size as mean,
    features.value / sizes.customers as mean_of_all
from sizes
inner join features
    on sizes.k = features.k
left join sums
    on
        sizes.k = sums.k
        and sizes.cluster = sums.cluster
        and features.feature = sums.feature
