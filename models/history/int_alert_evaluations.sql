with replay as (

    select * from {{ ref('int_alert_backtest') }}

),

measured as (

    select
        model,
        count(*) as customer_count,
        count(*) filter (where is_alerted_in_four_weeks) as alerted_in_four_weeks,
        count(*) filter (where is_stopped) as stopped,
        count(*) filter (where is_alerted) as alerted,
        count(*) filter (where is_alerted and is_stopped) as rightly_alerted,
        median(alert_date - as_of_date) filter (where is_alerted and is_stopped)
            as median_delay_days,
        min(as_of_date) as first_date,
        max(as_of_date + horizon_days) as last_date
    from replay
    group by 1

),

metrics as (

    select
        model,
        unnest([
            'precision', 'recall', 'median_delay_days', 'warnings_per_1000_customers_a_week'
        ]) as metric,
        unnest([
            rightly_alerted / nullif(alerted, 0),
            rightly_alerted / nullif(stopped, 0),
            cast(median_delay_days as double),
            1000 * alerted_in_four_weeks / customer_count / 4
        ]) as value,
        unnest([alerted, stopped, rightly_alerted, customer_count]) as sample_size,
        first_date,
        last_date
    from measured

)

select
    model,
    metric,
    cast(value as double) as value,
    cast(sample_size as bigint) as sample_size,
    model <> 'typical gap' as is_baseline,
    first_date,
    cast(last_date as date) as last_date
from metrics
where value is not null
