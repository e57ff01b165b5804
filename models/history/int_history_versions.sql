{%- do stop_on_log_without_rules() -%}
with score_versions as (

    select * from {{ ref('score_versions') }}

),

own_versions as (

    {{ versions_of_this_shop('score_versions') | indent(4) }}

),

-- A build that was cut off before its rules told nobody anything.
with_rules as (

    select distinct rules_version
    from {{ ref('segment_rules') }}

)

select
    cast(own_versions.score_version as integer) as rules_version,
    cast(lag(own_versions.score_version) over (order by own_versions.score_version) as integer) as previous_version,
    own_versions.baseline_date
from own_versions
inner join with_rules
    on own_versions.score_version = with_rules.rules_version
where own_versions.is_usable
