-- What a name says holds of the cluster that has it, also of one that carries its name over.
with named as (

    select distinct
        segmentation,
        cluster,
        segment
    from {{ ref('int_customers_labelled') }}

)

select
    named.segmentation,
    named.segment,
    profiles.median_frequency,
    profiles.absence_gaps,
    profiles.tenure_gaps,
    profiles.spend_ratio
from named
inner join {{ ref('int_cluster_profiles') }} as profiles
    on
        named.segmentation = profiles.segmentation
        and named.cluster = profiles.cluster
inner join {{ ref('persona_prototypes') }} as prototypes
    on
        named.segmentation = prototypes.segmentation
        and named.segment = prototypes.persona
where not ({{ persona_fits('profiles', 'prototypes') | indent(4) }})
