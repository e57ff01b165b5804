{#- One for `other`, and for as many categories as there can be. -#}
{%- set share_count = most_given_categories() + 1 %}
-- One number per column: Python learns from every column but the sample's number.
with samples as (

    select * from {{ ref('int_samples') }}

),

customer_features as (

    select * from {{ ref('int_point_in_time_features') }}

),

category_spend as (

    select * from {{ ref('int_category_days') }}

),

-- Several samples share a customer and a cutoff date.
cutoffs as (

    select distinct
        prediction_run,
        customer_id,
        cutoff_date
    from samples

),

-- What was cancelled by the cutoff date is no spend.
spend_to_date as (

    select
        cutoffs.prediction_run,
        cutoffs.customer_id,
        cutoffs.cutoff_date,
        category_spend.category_id,
        greatest(sum(category_spend.amount), 0) as amount
    from cutoffs
    inner join category_spend
        on
            cutoffs.prediction_run = category_spend.prediction_run
            and cutoffs.customer_id = category_spend.customer_id
            and cutoffs.cutoff_date >= category_spend.event_date
    group by 1, 2, 3, 4

),

-- share_00 is that of `other`, share_01 that of category 0, and so on: as many as there can be
-- categories.
category_shares as (

    select
        prediction_run,
        customer_id,
        cutoff_date,
        {% for number in range(share_count) %}
        sum(amount) filter (where category_id = {{ number - 1 }}) / nullif(sum(amount), 0)
            as share_{{ '%02d' % number }},
        {% endfor %}
        count(*) filter (where amount > 0) as categories_bought
    from spend_to_date
    group by 1, 2, 3

)

select
    samples.sample_number,
    cast(customer_features.monetary as double) as monetary,
    cast(customer_features.monetary_90_days as double) as monetary_90_days,
    cast(customer_features.monetary_30_days as double) as monetary_30_days,
    cast(customer_features.cancelled_amount as double) as cancelled_amount,
    cast(customer_features.least_order as double) as least_order,
    cast(customer_features.greatest_order as double) as greatest_order,
    cast(customer_features.last_order as double) as last_order,
    cast(customer_features.monetary / customer_features.orders_placed as double) as mean_order,
    cast(customer_features.monetary / nullif(customer_features.units, 0) as double)
        as mean_unit_price,
    cast(customer_features.units as double) as units,
    cast(customer_features.line_count as double) as line_count,
    cast(customer_features.line_count / customer_features.orders_placed as double)
        as lines_per_order,
    cast(customer_features.orders_placed as double) as orders_placed,
    cast(customer_features.frequency as double) as frequency,
    cast(customer_features.orders_90_days as double) as orders_90_days,
    cast(customer_features.days_with_orders as double) as days_with_orders,
    cast(customer_features.recency_days as double) as recency_days,
    cast(customer_features.days_since_order as double) as days_since_order,
    cast(customer_features.tenure_days as double) as tenure_days,
    -- A customer's typical gap between orders, and how many such gaps have passed since the last
    -- one.
    (customer_features.tenure_days - customer_features.days_since_order)
    / nullif(customer_features.days_with_orders - 1, 0) as mean_gap_days,
    customer_features.days_since_order * nullif(customer_features.days_with_orders - 1, 0)
    / nullif(customer_features.tenure_days - customer_features.days_since_order, 0)
        as gaps_since_order,
    cast(samples.label_end_date - samples.cutoff_date as double) as days_to_go,
    {% for number in range(share_count) %}
    coalesce(category_shares.share_{{ '%02d' % number }}, 0) as share_{{ '%02d' % number }},
    {% endfor %}
    cast(coalesce(category_shares.categories_bought, 0) as double) as categories_bought
from samples
inner join customer_features
    on
        samples.customer_id = customer_features.customer_id
        and samples.cutoff_date = customer_features.as_of_date
left join category_shares
    on
        samples.prediction_run = category_shares.prediction_run
        and samples.customer_id = category_shares.customer_id
        and samples.cutoff_date = category_shares.cutoff_date
