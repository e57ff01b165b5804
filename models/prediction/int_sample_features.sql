-- One number per column: Python learns from every column but the frame's number.
with frames as (

    select * from {{ ref('int_samples') }}

),

facts as (

    select * from {{ ref('int_point_in_time_features') }}

)

select
    frames.sample_number,
    cast(facts.monetary as double) as monetary,
    cast(facts.monetary_90_days as double) as monetary_90_days,
    cast(facts.monetary_30_days as double) as monetary_30_days,
    cast(facts.cancelled_amount as double) as cancelled_amount,
    cast(facts.least_order as double) as least_order,
    cast(facts.greatest_order as double) as greatest_order,
    cast(facts.last_order as double) as last_order,
    cast(facts.monetary / facts.orders_placed as double) as mean_order,
    cast(facts.monetary / nullif(facts.units, 0) as double) as mean_unit_price,
    cast(facts.units as double) as units,
    cast(facts.order_lines as double) as order_lines,
    cast(facts.order_lines / facts.orders_placed as double) as lines_per_order,
    cast(facts.orders_placed as double) as orders_placed,
    cast(facts.frequency as double) as frequency,
    cast(facts.orders_90_days as double) as orders_90_days,
    cast(facts.days_with_orders as double) as days_with_orders,
    cast(facts.recency_days as double) as recency_days,
    cast(facts.days_since_order as double) as days_since_order,
    cast(facts.tenure_days as double) as tenure_days,
    -- A customer's usual gap between orders, and how much of it has passed since the last one.
    (facts.tenure_days - facts.days_since_order) / nullif(facts.days_with_orders - 1, 0) as mean_gap_days,
    facts.days_since_order * nullif(facts.days_with_orders - 1, 0)
    / nullif(facts.tenure_days - facts.days_since_order, 0) as gaps_since_order,
    cast(frames.label_until - frames.known_until as double) as days_to_go,
    {% for number in range(21) %}
    coalesce(interests.share_{{ '%02d' % number }}, 0) as share_{{ '%02d' % number }},
    {% endfor %}
    cast(coalesce(interests.categories_bought, 0) as double) as categories_bought
from frames
inner join facts
    on
        frames.customer_id = facts.customer_id
        and frames.known_until = facts.as_of_date
left join {{ ref('int_point_in_time_interests') }} as interests
    on
        frames.prediction_run = interests.prediction_run
        and frames.customer_id = interests.customer_id
        and frames.known_until = interests.as_of_date
