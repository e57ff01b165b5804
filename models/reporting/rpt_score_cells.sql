-- Cells without customers are told too, or a heat map would leave it open whether they were counted.
with scores as (

    select cast(unnest(range(1, 6)) as integer) as score

),

customers as (

    select
        recency_score,
        frequency_score,
        count(*) as customers,
        sum(monetary) as revenue
    from {{ ref('customers') }}
    where recency_score is not null
    group by 1, 2

)

select
    recency_scores.score as recency_score,
    frequency_scores.score as frequency_score,
    coalesce(customers.customers, 0) as customers,
    cast(coalesce(customers.revenue, 0) as decimal(18, 2)) as revenue
from scores as recency_scores
cross join scores as frequency_scores
left join customers
    on
        recency_scores.score = customers.recency_score
        and frequency_scores.score = customers.frequency_score
