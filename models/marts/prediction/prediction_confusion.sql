with confusion as (

    select * from {{ ref('confusion_versions') }}

),

active_version as (

    select * from {{ ref('model_versions') }}
    where is_active

),

active_models as (

    select * from {{ ref('int_active_classification_models') }}

)

select
    {{ prediction_task('confusion.task', 'confusion.horizon_days') }} as task,
    confusion.model,
    confusion.actual,
    confusion.predicted,
    confusion.sample_size,
    confusion.sample_size / sum(confusion.sample_size) over (
        partition by confusion.task, confusion.horizon_days, confusion.model, confusion.actual
    ) as share_of_actual
from confusion
inner join active_version
    on confusion.model_version = active_version.model_version
inner join active_models
    on
        confusion.task = active_models.task
        and confusion.model = active_models.model
