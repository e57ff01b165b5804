{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- How good each forecast of spend was in the backtest: figures by origin, and their mean over all
-- origins.
with predictions as (

    select
        *,
        cast(predicted - observed as decimal(18, 2)) as error
    from {{ ref('int_spend_predictions') }}

),

prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}
    where prediction_run = 'backtest'

),

origins as (

    select * from {{ ref('int_prediction_origins') }}
    where
        prediction_run = 'backtest'
        and task = 'forecast'

),

totals as (

    select * from {{ ref('int_spend_totals') }}
    where prediction_run = 'backtest'

),

-- Equal predictions are ordered by the customer's hash, which favours nobody; tied ranks are their
-- mean.
ranked as (

    select
        *,
        row_number() over (
            partition by model, origin_date
            order by predicted desc, md5(customer_id) asc, customer_id asc
        ) as place,
        ntile(10) over (
            partition by model, origin_date
            order by predicted asc, md5(customer_id) asc, customer_id asc
        ) as tenth,
        count(*) over (partition by model, origin_date) as customer_count,
        rank() over (partition by model, origin_date order by predicted)
        + (count(*) over (partition by model, origin_date, predicted) - 1) / 2 as predicted_rank,
        rank() over (partition by model, origin_date order by observed)
        + (count(*) over (partition by model, origin_date, observed) - 1) / 2 as observed_rank
    from predictions

),

by_origin as (

    select
        model,
        settings,
        is_baseline,
        origin_date,
        count(*) as customer_count,
        avg(abs(error)) as mae,
        sqrt(avg(error * error)) as rmse,
        avg(error) as bias,
        cast(sum(error) as double) / nullif(cast(sum(observed) as double), 0) as relative_bias,
        cast(sum(observed) filter (where place <= ceil(0.2 * customer_count)) as double)
        / nullif(cast(sum(observed) as double), 0) as revenue_in_top_20_percent,
        -- Spearman's rank correlation.
        (
            count(*) * sum(predicted_rank * observed_rank)
            - sum(predicted_rank) * sum(observed_rank)
        )
        / nullif(
            sqrt(
                count(*) * sum(predicted_rank * predicted_rank)
                - sum(predicted_rank) * sum(predicted_rank)
            )
            * sqrt(
                count(*) * sum(observed_rank * observed_rank)
                - sum(observed_rank) * sum(observed_rank)
            ),
            0
        ) as spearman
    from ranked
    group by 1, 2, 3, 4

),

evaluated_origins as (

    select count(distinct origin_date) as origin_count
    from by_origin

),

-- Origins share most of their customers, so each counts as one evaluation. The mean is over the
-- same origins for all: what only some of them know has none.
all_origins as (

    select
        by_origin.model,
        'chosen at each origin' as settings,
        by_origin.is_baseline,
        cast(null as date) as origin_date,
        cast(sum(by_origin.customer_count) as bigint) as customer_count,
        avg(cast(by_origin.mae as decimal(18, 8))) as mae,
        avg(cast(by_origin.rmse as decimal(18, 8))) as rmse,
        avg(cast(by_origin.bias as decimal(18, 8))) as bias,
        avg(cast(by_origin.relative_bias as decimal(18, 8))) as relative_bias,
        avg(cast(by_origin.revenue_in_top_20_percent as decimal(18, 12)))
            as revenue_in_top_20_percent,
        avg(cast(by_origin.spearman as decimal(18, 12))) as spearman
    from by_origin
    cross join evaluated_origins
    group by 1, 2, 3, 4
    having count(*) = max(evaluated_origins.origin_count)

),

measured as (

    select * from by_origin

    union all

    select * from all_origins

),

figures as (

    select * from measured
    unpivot (value for metric in (
        mae, rmse, bias, relative_bias, revenue_in_top_20_percent, spearman
    ))
    where
        -- Rankings are no amounts.
        (
            model not in ('ranked by spend to date', 'perfect ranking')
            or metric in ('revenue_in_top_20_percent', 'spearman')
        )
        -- Equal predictions rank nobody.
        and (model <> 'zero' or metric not in ('revenue_in_top_20_percent', 'spearman'))

),

-- Between which multiples of what was predicted nine customers of ten spent, by tenths of the
-- customers: today's intervals are made of these.
ratios as (

    select
        model,
        is_baseline,
        concat('tenth ', tenth) as settings,
        count(*) as customer_count,
        quantile_cont(cast(observed as double) / cast(predicted as double), 0.05)
            as interval_low_ratio,
        quantile_cont(cast(observed as double) / cast(predicted as double), 0.95)
            as interval_high_ratio
    from ranked
    where
        predicted > 0
        and model not in ('ranked by spend to date', 'perfect ranking')
    group by 1, 2, 3
    having count(*) >= 20

),

intervals as (

    select
        model,
        settings,
        is_baseline,
        cast(null as date) as origin_date,
        customer_count,
        metric,
        value
    from ratios
    unpivot (value for metric in (interval_low_ratio, interval_high_ratio))

),

all_figures as (

    select
        model,
        settings,
        is_baseline,
        origin_date,
        customer_count,
        metric,
        value
    from figures

    union all

    select * from intervals

),

seasons as (

    select
        origin_date,
        season
    from totals

    union all

    select
        cast(null as date) as origin_date,
        format(
            'the season was known at {} of {} origins',
            count(*) filter (where is_season_known),
            count(*)
        ) as season
    from totals
    having count(*) > 0

),

{{ evaluation_periods('origins') }}

select
    'spend' as task,
    all_figures.model,
    all_figures.settings,
    case
        when all_figures.origin_date is null then 'all origins'
        else concat('from ', all_figures.origin_date)
    end as split,
    all_figures.metric,
    'out of time: predicted from past dates, evaluated on what followed; ' || seasons.season
        as note,
    prediction_runs.model_version,
    90 as horizon_days,
    cast(all_figures.value as double) as value,
    cast(all_figures.customer_count as bigint) as sample_size,
    all_figures.is_baseline,
    periods.train_from,
    periods.train_to,
    periods.test_from,
    periods.test_to
from all_figures
cross join prediction_runs
inner join periods
    on
        periods.horizon_days = 90
        and all_figures.origin_date is not distinct from periods.origin_date
left join seasons
    on all_figures.origin_date is not distinct from seasons.origin_date
{{ skip_existing_version('prediction_runs') }}
