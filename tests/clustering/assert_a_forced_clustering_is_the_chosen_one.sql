-- It warns: a setting asks for a clustering that could not be found among these customers, and another one stands in. Versions
-- that were fitted with other settings are told of elsewhere.
{{ config(severity='warn') }}

with forced as (

    {{ forced_candidates() | indent(4) }}

),

fitted_so as (

    select distinct rules.segmentation
    from {{ ref('int_active_rules') }} as rules
    inner join {{ ref('int_fit_settings') }} as settings_now
        on rules.settings = settings_now.settings

)

select
    concat(
        'The setting ', forced.segmentation, '_clustering asks for ', forced.space, ' ', forced.algorithm, ' ', forced.k,
        ', which could not be found among these customers: another clustering stands in.'
    ) as warning
from forced
inner join fitted_so
    on forced.segmentation = fitted_so.segmentation
left join {{ ref('cluster_candidates') }} as candidates
    on
        forced.segmentation = candidates.segmentation
        and forced.space = candidates.space
        and forced.algorithm = candidates.algorithm
        and forced.k = candidates.k
        and candidates.is_chosen
where candidates.k is null
