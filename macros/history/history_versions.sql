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


{#-
    SQL: which version reports each date of `dates` (as_of_date), a CTE beside one called `versions`
    with `history_versions()`: the newest that was fitted by the date. Dates before all versions are
    backfilled with the first.
-#}
{% macro versions_by_date(dates) -%}
    select
        {{ dates }}.as_of_date,
        cast(
            coalesce(
                max(versions.model_version) filter (
                    where versions.baseline_date <= {{ dates }}.as_of_date
                ),
                min(versions.model_version)
            ) as integer
        ) as model_version,
        min(versions.baseline_date) > {{ dates }}.as_of_date as is_backfilled
    from {{ dates }}
    inner join versions
        on versions.is_usable
    group by 1
{%- endmacro %}
