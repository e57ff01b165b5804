with as_of_dates as (

    select * from {{ ref('int_as_of_dates') }}
    where role = 'as_of'

),

facts as (

    select facts.*
    from {{ ref('int_customer_facts') }} as facts
    inner join as_of_dates
        on facts.as_of_date = as_of_dates.as_of_date

),

scores as (

    select * from {{ ref('int_customer_scores') }}

),

rfm_cells as (

    select * from {{ ref('int_rfm_cells') }}

)

select
    facts.customer_id,
    facts.country,
    scores.rfm_score,
    case when facts.frequency = 0 then 'kept nothing' else rfm_cells.segment end as rfm_segment,
    facts.orders_placed,
    facts.frequency,
    facts.monetary,
    facts.recency_days,
    scores.recency_score,
    scores.frequency_score,
    scores.monetary_score,
    scores.recency_percent_rank,
    scores.frequency_percent_rank,
    scores.monetary_percent_rank,
    scores.score_version,
    scores.is_looked_back,
    facts.first_order_date,
    facts.last_order_date,
    facts.last_kept_order_date,
    facts.as_of_date
from facts
left join scores
    on facts.customer_id = scores.customer_id
left join rfm_cells
    on
        scores.recency_score = rfm_cells.recency_score
        and scores.frequency_score = rfm_cells.frequency_score
        and scores.monetary_score = rfm_cells.monetary_score
