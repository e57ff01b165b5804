{{ config(materialized='view') }}

-- Seeds are settings too: a fingerprint of what they hold stands for them.
with levels as (

    select string_agg(concat_ws(',', space, segmentation, fewest_clusters, most_clusters), ';' order by space) as content
    from {{ ref('cluster_levels') }}

),

prototypes as (

    select
        string_agg(
            concat_ws(',', segmentation, persona, recency, frequency, monetary), ';' order by segmentation, persona
        ) as content
    from {{ ref('persona_prototypes') }}

)

select
    concat(
        '{{ fit_settings() | replace('}', '') }}',
        ', "seeds": "', left(md5(levels.content || prototypes.content), 8), '"}'
    ) as settings
from levels
cross join prototypes
