{{ config(materialized='view') }}

select rules.*
from {{ ref('segment_rules') }} as rules
inner join {{ ref('int_score_version_in_use') }} as version_in_use
    on rules.rules_version = version_in_use.score_version
