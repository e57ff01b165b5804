{{ config(materialized='view') }}

with score_versions as (

    select * from {{ ref('score_versions') }}

),

usable_versions as (

    {{ versions_of_this_shop('score_versions') | indent(4) }}

)

select max(score_version) as score_version
from usable_versions
