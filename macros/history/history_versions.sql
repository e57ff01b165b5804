{#-
    SQL: one row per version of this shop whose rules were stored: model_version, previous_version
    (the usable version before it; null for the first, and where this one is not usable),
    is_usable (whether the settings allow it to report the history) and baseline_date.
-#}
{% macro history_versions() -%}
    with model_versions as (

        select * from {{ ref('model_versions') }}

    ),

    own_versions as (

        {{ versions_of_this_shop('model_versions') | indent(8) }}

    ),

    -- A build that was cut off before it stored its rules reported nothing.
    with_rules as (

        select distinct model_version from {{ ref('int_segment_rules') }}

    )

    select
        cast(own_versions.model_version as integer) as model_version,
        case
            when own_versions.is_usable
                then cast(lag(own_versions.model_version) over by_version as integer)
        end as previous_version,
        own_versions.is_usable,
        own_versions.baseline_date
    from own_versions
    inner join with_rules
        on own_versions.model_version = with_rules.model_version
    window by_version as (partition by own_versions.is_usable order by own_versions.model_version)
{%- endmacro %}
