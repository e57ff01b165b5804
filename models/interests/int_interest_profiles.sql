with labels as (

    select * from {{ ref('int_interest_labels') }}

),

sizes as (

    select
        cluster,
        count(*) as size,
        sum(count(*)) over () as customers
    from labels
    group by 1

),

-- A share that is missing is 0; as decimals, as a sum of doubles hangs on their order.
sums as (

    select
        labels.cluster,
        features.feature,
        sum(cast(features.value as decimal(18, 9))) as value
    from labels
    inner join {{ ref('int_interests_to_fit') }} as features
        on labels.customer_id = features.customer_id
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
