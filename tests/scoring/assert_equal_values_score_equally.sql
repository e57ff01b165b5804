with customers as (

    select * from {{ ref('customers') }}
    where frequency > 0

),

measured as (

    select
        'recency' as measure,
        cast(recency_days as decimal(18, 2)) as value,
        recency_score as score,
        recency_percent_rank as percent_rank
    from customers

    union all

    select
        'frequency' as measure,
        cast(frequency as decimal(18, 2)) as value,
        frequency_score as score,
        frequency_percent_rank as percent_rank
    from customers

    union all

    select
        'monetary' as measure,
        monetary as value,
        monetary_score as score,
        monetary_percent_rank as percent_rank
    from customers

)

select
    measure,
    value
from measured
group by 1, 2
having
    count(distinct score) > 1
    or count(distinct percent_rank) > 1
