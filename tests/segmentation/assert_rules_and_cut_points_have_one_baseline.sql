-- A version is fitted once, at one date: its cut-points and its rules.
select distinct
    rules.model_version,
    rules.baseline_date,
    versions.baseline_date as baseline_of_cut_points
from {{ ref('segment_rules') }} as rules
left join {{ ref('model_versions') }} as versions
    on rules.model_version = versions.model_version
where rules.baseline_date is distinct from versions.baseline_date
