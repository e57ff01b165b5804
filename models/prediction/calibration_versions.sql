{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- What was foretold beside what happened, for frames that were foretold much the same: by tenths of confidence for classes, by
-- tenths of the customers for spend.
with confident as (

    select
        task,
        model,
        'confidence' as measure,
        horizon_days,
        least(cast(floor(confidence * 10) as integer), 9) + 1 as bin,
        avg(cast(confidence as decimal(18, 12))) as predicted,
        count(*) filter (where is_right) / count(*) as observed,
        count(*) as sample_size
    from {{ ref('int_classification_scores') }}
    where confidence is not null
    group by 1, 2, 3, 4, 5

),

ranked as (

    select
        *,
        ntile(10) over (partition by model, origin_date order by predicted asc, md5(customer_id) asc, customer_id asc) as bin
    from {{ ref('int_spend_predictions') }}
    where model not in ('perfect ranking', 'ranked by money so far', 'zero')

),

spent as (

    select
        'spend' as task,
        model,
        'spend' as measure,
        90 as horizon_days,
        bin,
        avg(predicted) as predicted,
        avg(actual) as observed,
        count(*) as sample_size
    from ranked
    group by 1, 2, 3, 4, 5

),

together as (

    select * from confident

    union all

    select * from spent

)

select
    together.task,
    together.model,
    together.measure,
    due.model_version,
    cast(together.horizon_days as integer) as horizon_days,
    cast(together.bin as integer) as bin,
    together.predicted,
    together.observed,
    cast(together.sample_size as bigint) as sample_size
from together
cross join {{ ref('int_pending_backtests') }} as due
{{ skip_existing_version('due') }}
