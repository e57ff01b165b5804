with groups as (

    select interest_groups.*
    from {{ ref('int_interest_groups') }} as interest_groups
    inner join {{ ref('model_versions') }} as versions
        on
            interest_groups.model_version = versions.model_version
            and versions.is_active
    where interest_groups.cluster is not null

),

distances as (

    select
        coordinates.as_of_date,
        coordinates.customer_id,
        coordinates.is_current,
        groups.interest_group,
        groups.cluster,
        pow(coordinates.x - groups.x, 2)
        + pow(coordinates.y - groups.y, 2)
        + pow(coordinates.z - groups.z, 2) as distance
    from {{ ref('int_interest_coordinates') }} as coordinates
    cross join groups

)

select
    as_of_date,
    customer_id,
    min_by(interest_group, (distance, cluster)) as interest_group,
    min_by(cluster, (distance, cluster)) as cluster,
    is_current
from distances
group by as_of_date, customer_id, is_current
