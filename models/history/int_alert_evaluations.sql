-- One warning at most is counted of each customer and month end.
with replay as (

    select * from {{ ref('int_alert_replay') }}

),

measured as (

    select
        model,
        count(*) as frames,
        count(*) filter (where is_stopped) as stopped,
        count(*) filter (where is_warned) as warned,
        count(*) filter (where is_warned and is_stopped) as rightly_warned,
        median(delay_days) as median_delay_days,
        max(horizon_days) / 7.0 as weeks,
        min(as_of_date) as first_date,
        max(as_of_date) + max(horizon_days) as last_date
    from replay
    group by 1

),

metrics as (

    select
        model,
        unnest(['precision', 'recall', 'median delay in days', 'warnings per 1,000 customers a week']) as metric,
        unnest([
            rightly_warned / nullif(warned, 0),
            rightly_warned / nullif(stopped, 0),
            cast(median_delay_days as double),
            1000.0 * warned / frames / weeks
        ]) as value,
        unnest([warned, stopped, rightly_warned, frames]) as sample_size,
        first_date,
        last_date
    from measured

)

select
    model,
    metric,
    cast(value as double) as value,
    cast(sample_size as bigint) as sample_size,
    model <> 'usual gap' as is_baseline,
    first_date,
    last_date
from metrics
where value is not null
