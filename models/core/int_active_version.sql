{{ config(materialized='view') }}

-- One row in any case: where nobody has a net order yet no version is active.
select
    max(model_version) as model_version,
    max(baseline_date) as baseline_date
from {{ ref('model_versions') }}
where is_active
