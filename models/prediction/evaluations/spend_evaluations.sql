{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- How good each forecast of spend was in the backtest: figures by origin, and their mean over all
-- origins. The model is chosen on validation samples, which lie before everything that it is
-- evaluated on.
with all_predictions as (

    select
        *,
        cast(predicted - observed as decimal(18, 2)) as error,
        -- Rankings are no amounts.
        model not in ('ranked by spend to date', 'perfect ranking') as is_amount
    from {{ ref('int_spend_predictions') }}

),

predictions as (

    select * from all_predictions
    where role = 'test'

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
        ) as spend_rank,
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
        cast(sum(observed) filter (where spend_rank <= ceil(0.2 * customer_count)) as double)
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

choices as (

    select
        model,
        origin_date as cutoff_date,
        count(*) as customer_count,
        sqrt(avg(error * error)) as rmse
    from all_predictions
    where
        role = 'validation'
        and not is_baseline
    group by 1, 2

),

chosen_models as (

    select model from choices
    qualify row_number() over (order by rmse asc, model asc) = 1

),

-- Without any validation sample the combination stands for the models: it needs no choice.
compared_models as (

    select coalesce(max(model), 'combination') as model
    from chosen_models

),

baselines_of_amounts as (

    select distinct model
    from predictions
    where
        is_baseline
        and is_amount

),

-- The model has to beat each baseline, so the one that turned out best. That flatters the baseline.
best_baselines as (

    select all_origins.model
    from all_origins
    inner join baselines_of_amounts
        on all_origins.model = baselines_of_amounts.model
    qualify row_number() over (order by all_origins.rmse asc, all_origins.model asc) = 1

),

customer_errors as (

    select
        predictions.customer_id,
        predictions.origin_date,
        predictions.model,
        best_baselines.model as baseline,
        cast(predictions.error * predictions.error as decimal(34, 2)) as squared_error,
        cast(baselines.error * baselines.error as decimal(34, 2)) as squared_error_of_baseline
    from predictions
    inner join compared_models
        on predictions.model = compared_models.model
    cross join best_baselines
    inner join predictions as baselines
        on
            best_baselines.model = baselines.model
            and predictions.sample_number = baselines.sample_number
            and predictions.origin_date = baselines.origin_date

),

{{ bootstrap_weights('customer_errors') }},

resampled_errors as (

    select
        bootstrap_weights.resample,
        customer_errors.origin_date,
        sqrt(
            cast(sum(customer_errors.squared_error * bootstrap_weights.weight) as double)
            / sum(bootstrap_weights.weight)
        ) as rmse,
        sqrt(
            cast(
                sum(customer_errors.squared_error_of_baseline * bootstrap_weights.weight) as double
            )
            / sum(bootstrap_weights.weight)
        ) as rmse_of_baseline
    from customer_errors
    inner join bootstrap_weights
        on customer_errors.customer_id = bootstrap_weights.customer_id
    group by 1, 2

),

resampled_gains as (

    select
        resample,
        avg(cast(rmse_of_baseline - rmse as decimal(18, 6))) as gain
    from resampled_errors
    group by 1

),

gain_bounds as (

    select
        quantile_cont(gain, 0.05) as gain_lower_bound,
        quantile_cont(gain, 0.95) as gain_upper_bound
    from resampled_gains

),

compared as (

    select
        model,
        baseline,
        count(distinct customer_id) as customer_count
    from customer_errors
    group by 1, 2

),

gains as (

    select
        compared.model,
        concat('against ', compared.baseline) as settings,
        false as is_baseline,
        cast(null as date) as origin_date,
        compared.customer_count,
        cast(baselines.rmse - models.rmse as double) as gain,
        cast(gain_bounds.gain_lower_bound as double) as gain_lower_bound,
        cast(gain_bounds.gain_upper_bound as double) as gain_upper_bound
    from compared
    inner join all_origins as models
        on compared.model = models.model
    inner join all_origins as baselines
        on compared.baseline = baselines.model
    cross join gain_bounds

),

gain_figures as (

    select * from gains
    unpivot (value for metric in (gain, gain_lower_bound, gain_upper_bound))

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
        and is_amount
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

    union all

    select * from gain_figures

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

union all

select
    'spend' as task,
    choices.model,
    'validation samples' as settings,
    'choice' as split,
    'rmse' as metric,
    'known at the earliest origin: which model is compared is chosen by these' as note,
    prediction_runs.model_version,
    90 as horizon_days,
    cast(choices.rmse as double) as value,
    cast(choices.customer_count as bigint) as sample_size,
    false as is_baseline,
    prediction_runs.history_from as train_from,
    choices.cutoff_date as train_to,
    choices.cutoff_date + 1 as test_from,
    choices.cutoff_date + 90 as test_to
from choices
cross join prediction_runs
{{ skip_existing_version('prediction_runs') }}
