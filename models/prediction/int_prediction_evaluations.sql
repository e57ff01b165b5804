-- Everything that this build's backtest says of the predictions, with the days that were learned from and judged by.
with evaluations as (

    select * from {{ ref('int_classification_evaluations') }}

    union all

    select * from {{ ref('int_spend_evaluations') }}

    union all

    select * from {{ ref('int_protocol_evaluations') }}

),

origins as (

    select
        task as origin_task,
        horizon_days,
        concat('from ', origin_date) as split,
        history_from as train_from,
        origin_date as train_to,
        origin_date + 1 as test_from,
        origin_date + cast(cohort_days as integer) + cast(horizon_days as integer) as test_to
    from {{ ref('int_origins') }}
    where prediction_run = 'backtest'

),

all_origins as (

    select
        origin_task,
        horizon_days,
        min(train_from) as train_from,
        max(train_to) as train_to,
        min(test_from) as test_from,
        max(test_to) as test_to
    from origins
    group by 1, 2

),

protocol as (

    select
        history_from as train_from,
        cast(date_trunc('month', last_date) - interval 2 month as date) - 1 as train_to,
        cast(date_trunc('month', last_date) - interval 2 month as date) as test_from,
        last_date as test_to
    from {{ ref('int_prediction_runs') }}
    where prediction_run = 'backtest'

),

judged as (

    select
        *,
        case when task in ('spend', 'interest') then 'forecast' else 'segment' end as origin_task
    from evaluations

)

select
    judged.task,
    judged.model,
    judged.settings,
    judged.split,
    judged.metric,
    case
        when judged.task = 'public protocol'
            then 'tells clusters from the purchases that made them, of customers mostly trained on: it flatters'
        when judged.horizon_days = 90 and judged.origin_task = 'segment'
            then 'half the days ahead, as the history holds too few origins of 180'
    end as note,
    judged.horizon_days,
    judged.value,
    judged.sample_size,
    judged.is_baseline,
    coalesce(origins.train_from, protocol.train_from, all_origins.train_from) as train_from,
    coalesce(origins.train_to, protocol.train_to, all_origins.train_to) as train_to,
    coalesce(origins.test_from, protocol.test_from, all_origins.test_from) as test_from,
    coalesce(origins.test_to, protocol.test_to, all_origins.test_to) as test_to
from judged
left join origins
    on
        judged.origin_task = origins.origin_task
        and judged.horizon_days = origins.horizon_days
        and judged.split[:15] = origins.split
left join all_origins
    on
        judged.origin_task = all_origins.origin_task
        and judged.horizon_days = all_origins.horizon_days
left join protocol
    on judged.task = 'public protocol'

union all

select
    task,
    'none' as model,
    'none' as settings,
    'all origins' as split,
    'origins' as metric,
    reason as note,
    horizon_days,
    origins as value,
    judged as sample_size,
    false as is_baseline,
    cast(null as date) as train_from,
    cast(null as date) as train_to,
    cast(null as date) as test_from,
    cast(null as date) as test_to
from {{ ref('int_prediction_failures') }}
