with groups as (

    select versions.*
    from {{ ref('interest_group_versions') }} as versions
    inner join {{ ref('int_active_version') }} as version_in_use
        on versions.model_version = version_in_use.model_version

),

distances as (

    select
        coordinates.as_of_date,
        coordinates.customer_id,
        groups.interest_group,
        groups.cluster,
        pow(coordinates.x - groups.x, 2) + pow(coordinates.y - groups.y, 2) + pow(coordinates.z - groups.z, 2) as distance
    from {{ ref('int_interest_coordinates') }} as coordinates
    cross join groups

)

select
    as_of_date,
    customer_id,
    min_by(interest_group, (distance, cluster)) as interest_group,
    min_by(cluster, (distance, cluster)) as cluster
from distances
group by 1, 2
