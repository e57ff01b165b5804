select
    {{ prediction_task('reliability.task', 'reliability.horizon_days') }} as task,
    reliability.model,
    reliability.measure,
    reliability.bin,
    reliability.predicted,
    reliability.observed,
    reliability.sample_size
from {{ ref('calibration_versions') }} as reliability
inner join {{ ref('int_active_version') }} as version_in_use
    on reliability.model_version = version_in_use.model_version
