select
    {{ prediction_task('reliability.task', 'reliability.horizon_days') }} as task,
    reliability.model,
    reliability.measure,
    reliability.bin,
    reliability.foretold,
    reliability.happened,
    reliability.sample_size
from {{ ref('reliability_versions') }} as reliability
inner join {{ ref('int_score_version_in_use') }} as version_in_use
    on reliability.rules_version = version_in_use.score_version
