{{ config(materialized='view') }}

with score_versions as (

    select * from {{ ref('score_versions') }}

),

own_versions as (

    {{ versions_of_this_shop('score_versions') | indent(4) }}

)

select
    max(score_version) as score_version,
    max_by(baseline_date, score_version) as baseline_date
from own_versions
where is_usable
