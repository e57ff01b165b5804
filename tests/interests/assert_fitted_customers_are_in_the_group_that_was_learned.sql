-- The nearest middle in SQL is what KMeans found, for every customer that it was fitted on. Looked
-- at where the build has the interests of the baseline date: where it fits the groups, or covers
-- the same day.
with learned as (

    {{ chosen_labels(
        ref('int_interest_candidates_ranked'),
        ref('interest_candidate_labels')
    ) | indent(4) }}

),

assigned as (

    select groups.*
    from {{ ref('int_customer_interest_groups') }} as groups
    inner join {{ ref('model_versions') }} as versions
        on
            groups.as_of_date = versions.baseline_date
            and versions.is_active

)

select
    learned.customer_id,
    learned.cluster as learned,
    assigned.cluster as assigned
from learned
left join assigned
    on learned.customer_id = assigned.customer_id
where
    learned.cluster is distinct from assigned.cluster
    and exists (select any_assigned.customer_id from assigned as any_assigned)
