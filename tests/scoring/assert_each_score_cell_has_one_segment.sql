-- The seed covers each of the 125 score cells exactly once.
with scores as (

    select unnest([1, 2, 3, 4, 5]) as score

),

cells as (

    {{ rfm_score_map() | indent(4) }}

)

select
    recency.score as recency_score,
    frequency.score as frequency_score,
    monetary.score as monetary_score,
    count(cells.segment) as segments
from scores as recency
cross join scores as frequency
cross join scores as monetary
left join cells
    on
        recency.score = cells.recency_score
        and frequency.score = cells.frequency_score
        and monetary.score = cells.monetary_score
group by 1, 2, 3
having count(cells.segment) <> 1
