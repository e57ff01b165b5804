with calibration as (

    select * from {{ ref('calibration_versions') }}

),

active_version as (

    select * from {{ ref('model_versions') }}
    where is_active

)

select
    {{ prediction_task('calibration.task', 'calibration.horizon_days') }} as task,
    calibration.model,
    calibration.measure,
    calibration.bin,
    calibration.predicted,
    calibration.observed,
    calibration.sample_size
from calibration
inner join active_version
    on calibration.model_version = active_version.model_version
