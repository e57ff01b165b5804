{#-
    SQL: the names that clusters carry over from the version before: segmentation, segment, cluster
    and jaccard, at most one row per cluster. `labels` names the relation of the customers of the
    chosen clusters.
-#}
{% macro names_carried_over(labels) -%}
    with versions as (

        select * from {{ ref('model_versions') }}

    ),

    active_version as (

        select model_version
        from versions
        where is_active

    ),

    own_versions as (

        {{ versions_of_this_shop('versions') | indent(8) }}

    ),

    stored_rules as (

        {{ stored_rules() | indent(8) }}

    ),

    -- What people call the segments now; a version that was fitted for another date gave no
    -- names.
    previous_rules as (

        select rules.*
        from stored_rules as rules
        inner join own_versions
            on rules.model_version = own_versions.model_version
        inner join active_version
            on rules.model_version < active_version.model_version
        where own_versions.cause <> 'another baseline date'
        qualify rules.model_version = max(rules.model_version) over ()

    ),

    -- The old rules decide of today's customers, so that both sides speak of the same people at the
    -- same date.
    labelled_by_both as (

        select
            labels.segmentation,
            labels.cluster,
            rules.segment
        from {{ labels }} as labels
        inner join previous_rules as rules
            on
                labels.segmentation = rules.segmentation
                and {{ in_bounds('labels', 'rules') | indent(16) }}

    ),

    in_common as (

        select
            segmentation,
            cluster,
            segment,
            count(*) as in_both,
            sum(count(*)) over (partition by segmentation, cluster) as in_cluster,
            sum(count(*)) over (partition by segmentation, segment) as in_segment
        from labelled_by_both
        group by 1, 2, 3

    ),

    jaccards as (

        select
            segmentation,
            cluster,
            segment,
            in_both / (in_cluster + in_segment - in_both) as jaccard
        from in_common

    )

    -- More than half of all that are in either: no two clusters can claim the same name, nor one
    -- cluster two. Only personas are carried over; a name made from a profile follows the profile.
    select
        jaccards.segmentation,
        jaccards.segment,
        jaccards.cluster,
        jaccards.jaccard
    from jaccards
    inner join {{ ref('persona_prototypes') }} as prototypes
        on
            jaccards.segmentation = prototypes.segmentation
            and jaccards.segment = prototypes.persona
    where jaccards.jaccard > 0.5
{%- endmacro %}
