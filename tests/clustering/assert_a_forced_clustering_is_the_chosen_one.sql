-- It warns: a setting asks for a clustering that could not be found among these customers, and
-- another one stands in. Versions that were fitted with other settings have a warning of their own.
{{ config(severity='warn') }}

with forced as (

    {{ forced_candidates() | indent(4) }}

),

settings_now as (

    {{ fit_settings_with_seeds() | indent(4) }}

),

fitted_so as (

    select versions.model_version
    from {{ ref('model_versions') }} as versions
    inner join settings_now
        on versions.settings = settings_now.settings
    where versions.is_active

)

select
    concat(
        'The setting force_', forced.segmentation, '_clustering asks for ',
        forced.space, ' ', forced.algorithm, ' ', forced.k,
        ', which could not be found among these customers: another clustering stands in.'
    ) as warning
from forced
cross join fitted_so
left join {{ ref('cluster_candidates') }} as candidates
    on
        forced.segmentation = candidates.segmentation
        and forced.space = candidates.space
        and forced.algorithm = candidates.algorithm
        and forced.k = candidates.k
        and candidates.is_chosen
where candidates.k is null
