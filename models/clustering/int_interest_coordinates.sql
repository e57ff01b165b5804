with weights as (

    select
        maps.feature,
        maps.x / maps.scale as x,
        maps.y / maps.scale as y,
        maps.z / maps.scale as z,
        cast(maps.mean * maps.x / maps.scale as decimal(18, 9)) as x_of_mean,
        cast(maps.mean * maps.y / maps.scale as decimal(18, 9)) as y_of_mean,
        cast(maps.mean * maps.z / maps.scale as decimal(18, 9)) as z_of_mean
    from {{ ref('interest_map') }} as maps
    inner join {{ ref('model_versions') }} as versions
        on
            maps.model_version = versions.model_version
            and versions.is_active

),

means as (

    select
        sum(x_of_mean) as x,
        sum(y_of_mean) as y,
        sum(z_of_mean) as z
    from weights

),

-- Sums of decimals: they are the same in any order. A category that nobody who was fitted had
-- bought moves nobody.
located as (

    select
        features.as_of_date,
        features.customer_id,
        features.is_current,
        features.is_fitted,
        sum(cast(features.value * weights.x as decimal(18, 9))) as x,
        sum(cast(features.value * weights.y as decimal(18, 9))) as y,
        sum(cast(features.value * weights.z as decimal(18, 9))) as z
    from {{ ref('int_interest_features') }} as features
    inner join weights
        on features.feature = weights.feature
    group by 1, 2, 3, 4

)

select
    located.as_of_date,
    located.customer_id,
    cast(located.x - means.x as double) as x,
    cast(located.y - means.y as double) as y,
    cast(located.z - means.z as double) as z,
    located.is_current,
    located.is_fitted
from located
cross join means
