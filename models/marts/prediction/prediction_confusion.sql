select
    {{ prediction_task('confusion.task', 'confusion.horizon_days') }} as task,
    confusion.model,
    confusion.actual,
    confusion.predicted,
    confusion.sample_size,
    confusion.sample_size / sum(confusion.sample_size) over (
        partition by confusion.task, confusion.horizon_days, confusion.model, confusion.actual
    ) as share_of_actual
from {{ ref('confusion_versions') }} as confusion
inner join {{ ref('int_active_version') }} as version_in_use
    on confusion.model_version = version_in_use.model_version
inner join {{ ref('int_active_models') }} as models_in_use
    on
        confusion.task = models_in_use.task
        and confusion.model = models_in_use.model
