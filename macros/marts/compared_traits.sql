{#-
    SQL: CTEs that describe what sets each row of `profiles` apart from the one row of `whole`,
    by the medians `measures` that both have: the last of them, `traits`, has a row per `keys` and
    measure that differs by a quarter or more. The words are those of the seed `trait_texts`.
    Medians, as a few wholesalers would make everyone else look poor beside the mean.
-#}
{% macro compared_traits(mart, profiles, whole, keys, measures) -%}
profile_measures as (

    select
        {{ keys | join(',\n        ') }},
        measure,
        value
    from {{ profiles }}
    unpivot (value for measure in ({{ measures | join(', ') }}))

),

typical_measures as (

    select
        measure,
        value
    from {{ whole }}
    unpivot (value for measure in ({{ measures | join(', ') }}))

),

compared as (

    select
        profiles.*,
        texts.display_order,
        -- A number that may be 0 is compared after an offset.
        (profiles.value + texts.offset_value)
        / nullif(typical.value + texts.offset_value, 0) as ratio,
        concat(
            case when ratio > 1 then texts.when_higher else texts.when_lower end,
            ' (', format(texts.comparison, profiles.value, typical.value), ')'
        ) as trait
    from profile_measures as profiles
    inner join typical_measures as typical
        on profiles.measure = typical.measure
    inner join {{ ref('trait_texts') }} as texts
        on
            texts.mart = '{{ mart }}'
            and profiles.measure = texts.measure

),

traits as (

    select
        {{ keys | join(',\n        ') }},
        trait,
        display_order,
        -- A third as much and three times as much are as far away; nothing at all is the farthest.
        coalesce(
            case when ratio > 0 then greatest(ratio, 1 / ratio) end, cast('inf' as double)
        ) as distance
    from compared
    where ratio not between 0.8 and 1.25

)
{%- endmacro %}
