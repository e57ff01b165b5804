with customers as (

    select * from {{ ref('customers') }}
    where recency_score is not null

),

scores as (

    select cast(unnest(range(1, 6)) as integer) as score

),

cells as (

    select
        recency_score,
        frequency_score,
        count(*) as customer_count,
        sum(monetary) as revenue
    from customers
    group by 1, 2

)

-- Cells without customers are rows too, or a heat map would not show that they were counted.
select
    recency_scores.score as recency_score,
    frequency_scores.score as frequency_score,
    coalesce(cells.customer_count, 0) as customer_count,
    cast(coalesce(cells.revenue, 0) as decimal(18, 2)) as revenue
from scores as recency_scores
cross join scores as frequency_scores
left join cells
    on
        recency_scores.score = cells.recency_score
        and frequency_scores.score = cells.frequency_score
