with predictions as (

    select
        *,
        cast(predicted - actual as decimal(18, 2)) as error
    from {{ ref('int_spend_predictions') }}

),

-- Ties of prediction are broken by the customer's hash, which favours nobody; tied ranks are the mean of theirs.
ranked as (

    select
        *,
        row_number() over (
            partition by model, origin_date order by predicted desc, md5(customer_id) asc, customer_id asc
        ) as place,
        count(*) over (partition by model, origin_date) as customers,
        rank() over (partition by model, origin_date order by predicted)
        + (count(*) over (partition by model, origin_date, predicted) - 1) / 2 as predicted_rank,
        rank() over (partition by model, origin_date order by actual)
        + (count(*) over (partition by model, origin_date, actual) - 1) / 2 as actual_rank
    from predictions

),

by_origin as (

    select
        model,
        settings,
        concat('from ', origin_date) as split,
        is_baseline,
        count(*) as customers,
        avg(abs(error)) as mae,
        sqrt(avg(error * error)) as rmse,
        avg(error) as bias,
        cast(sum(actual) filter (where place <= ceil(0.2 * customers)) as double)
        / nullif(cast(sum(actual) as double), 0) as revenue_in_top_20_percent,
        (count(*) * sum(predicted_rank * actual_rank) - sum(predicted_rank) * sum(actual_rank))
        / nullif(
            sqrt(count(*) * sum(predicted_rank * predicted_rank) - sum(predicted_rank) * sum(predicted_rank))
            * sqrt(count(*) * sum(actual_rank * actual_rank) - sum(actual_rank) * sum(actual_rank)),
            0
        ) as spearman
    from ranked
    group by 1, 2, 3, 4

),

-- Over origins the mean of each: they are as many judgements, of much the same customers.
all_origins as (

    select
        model,
        'chosen at each origin' as settings,
        'all origins' as split,
        is_baseline,
        cast(sum(customers) as bigint) as customers,
        avg(cast(mae as decimal(18, 8))) as mae,
        avg(cast(rmse as decimal(18, 8))) as rmse,
        avg(cast(bias as decimal(18, 8))) as bias,
        avg(cast(revenue_in_top_20_percent as decimal(18, 12))) as revenue_in_top_20_percent,
        avg(cast(spearman as decimal(18, 12))) as spearman
    from by_origin
    group by 1, 2, 3, 4

),

together as (

    select * from by_origin

    union all

    select * from all_origins

)

select
    'spend' as task,
    model,
    settings,
    split,
    metric,
    90 as horizon_days,
    cast(value as double) as value,
    customers as sample_size,
    is_baseline
from together
unpivot (value for metric in (mae, rmse, bias, revenue_in_top_20_percent, spearman))
where
    -- Rankings are no amounts, and what is all alike ranks nobody.
    (model not in ('ranked by money so far', 'perfect ranking') or metric in ('revenue_in_top_20_percent', 'spearman'))
    and (model <> 'zero' or metric not in ('revenue_in_top_20_percent', 'spearman'))
