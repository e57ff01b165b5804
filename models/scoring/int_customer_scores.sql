with customers as (

    select * from {{ ref('int_customer_facts') }}
    where
        is_current
        and frequency > 0

),

cut_points as (

    {{ cut_points_by_version() }}

),

version_in_use as (

    select * from {{ ref('int_active_version') }}

),

-- A value that equals a cut-point stays below it, so equal values get equal scores. Fewer days since the last order are
-- better, more orders and more money are.
scored as (

    select
        customers.as_of_date,
        customers.customer_id,
        cut_points.model_version,
        version_in_use.baseline_date > customers.as_of_date as is_backfilled,
        5 - {{ cut_points_passed('recency_days') }} as recency_score,
        1 + {{ cut_points_passed('frequency') }} as frequency_score,
        1 + {{ cut_points_passed('monetary') }} as monetary_score,
        percent_rank() over (order by customers.recency_days desc) as recency_percent_rank,
        percent_rank() over (order by customers.frequency) as frequency_percent_rank,
        percent_rank() over (order by customers.monetary) as monetary_percent_rank
    from customers
    cross join version_in_use
    inner join cut_points
        on version_in_use.model_version = cut_points.model_version

)

select
    as_of_date,
    customer_id,
    concat(recency_score, frequency_score, monetary_score) as rfm_score,
    model_version,
    recency_score,
    frequency_score,
    monetary_score,
    recency_percent_rank,
    frequency_percent_rank,
    monetary_percent_rank,
    is_backfilled
from scored
