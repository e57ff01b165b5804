-- What was known of a customer at the end of a date. Features, labels and populations are all
-- selected from here, and no row dated later is used.
with prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}

),

samples as (

    select * from {{ ref('int_samples') }}

),

orders as (

    select * from {{ ref('int_orders') }}

),

-- In the order of the texts orders follow one another: DuckDB compares rows of values slowly.
order_states as (

    select
        *,
        concat(order_date, invoice_id) as order_position
    from {{ ref('int_order_states_scd2') }}

),

customer_states as (

    select * from {{ ref('int_customer_states_scd2') }}

),

dates as (

    select
        customer_id,
        cutoff_date as as_of_date
    from samples

    union

    -- Where newcomers are at the end of the horizon labels their samples.
    select
        samples.customer_id,
        samples.label_end_date as as_of_date
    from samples
    inner join prediction_runs
        on
            samples.prediction_run = prediction_runs.prediction_run
            and samples.label_end_date <= prediction_runs.last_date
    where samples.sample_kind = 'cohort'

    union

    -- The backtest's cut-points and rules are fitted on all customers of one date.
    select
        orders.customer_id,
        prediction_runs.frozen_at as as_of_date
    from orders
    inner join prediction_runs
        on
            prediction_runs.prediction_run = 'backtest'
            and orders.order_date <= prediction_runs.frozen_at

),

orders_to_date as (

    select
        dates.customer_id,
        dates.as_of_date,
        order_states.order_date,
        order_states.units,
        order_states.amount,
        order_states.later_cancelled_amount,
        order_states.line_count,
        order_states.order_position
    from dates
    inner join order_states
        on
            dates.customer_id = order_states.customer_id
            and {{ is_valid_on('order_states', 'dates.as_of_date') | indent(12) }}

),

order_features as (

    select
        customer_id,
        as_of_date,
        count(distinct order_date) as days_with_orders,
        count(*) filter (where order_date > as_of_date - 90) as orders_90_days,
        cast(coalesce(sum(amount) filter (where order_date > as_of_date - 90), 0) as decimal(18, 2))
            as monetary_90_days,
        cast(coalesce(sum(amount) filter (where order_date > as_of_date - 30), 0) as decimal(18, 2))
            as monetary_30_days,
        cast(sum(later_cancelled_amount) as decimal(18, 2)) as cancelled_amount,
        cast(sum(units) as decimal(18, 3)) as units,
        cast(sum(line_count) as bigint) as line_count,
        min(amount) as least_order,
        max(amount) as greatest_order,
        arg_max(amount, order_position) as last_order
    from orders_to_date
    group by 1, 2

),

-- What the customer's state has added up is not added up again: sums of all at once take most of
-- the memory.
features as (

    select
        order_features.customer_id,
        order_features.as_of_date,
        cast(order_features.as_of_date - customer_states.last_net_order_date as integer)
            as recency_days,
        customer_states.frequency,
        customer_states.monetary,
        customer_states.orders_placed,
        cast(order_features.as_of_date - customer_states.first_order_date as integer)
            as tenure_days,
        cast(order_features.as_of_date - customer_states.last_order_date as integer)
            as days_since_order,
        order_features.days_with_orders,
        order_features.orders_90_days,
        order_features.monetary_90_days,
        order_features.monetary_30_days,
        order_features.cancelled_amount,
        order_features.units,
        order_features.line_count,
        order_features.least_order,
        order_features.greatest_order,
        order_features.last_order,
        customer_states.country
    from order_features
    inner join customer_states
        on
            order_features.customer_id = customer_states.customer_id
            and {{ is_valid_on('customer_states', 'order_features.as_of_date') | indent(12) }}

),

-- The customers that the backtest's cut-points and rules are fitted on, within the same bounds as
-- the clusterings of today.
backtest_customers as (

    select
        features.customer_id,
        features.as_of_date,
        features.frequency,
        features.monetary
    from features
    inner join prediction_runs
        on
            prediction_runs.prediction_run = 'backtest'
            and features.as_of_date = prediction_runs.frozen_at
    where
        features.frequency > 0
        and {{ takes_part('features') | indent(8) }}

),

backtest_population as (

    with {{ within_bounds('backtest_customers') | indent(4) }}

)

select
    features.*,
    backtest_population.is_within_bounds,
    backtest_population.is_fitted
from features
left join backtest_population
    on
        features.customer_id = backtest_population.customer_id
        and features.as_of_date = backtest_population.as_of_date
