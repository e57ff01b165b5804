-- Beyond 0.25, and beyond what chance makes of few customers, those of the last day are spread
-- otherwise than those that the rules were fitted on. It only warns: the rules stay as they are,
-- and people decide whether the shop needs new ones (`refit: true`).
{{ config(severity='warn', tags='refresh') }}

select
    drift.measure,
    drift.population_stability_index
from {{ ref('segment_drift') }} as drift
inner join {{ ref('int_snapshot_dates') }} as dates
    on drift.as_of_date = dates.as_of_date
where
    dates.is_open
    and drift.drift_status = 'shifted'
