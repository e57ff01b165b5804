{{ config(materialized='view') }}

select rules.*
from {{ ref('segment_rules') }} as rules
inner join {{ ref('int_active_version') }} as version_in_use
    on rules.model_version = version_in_use.model_version
