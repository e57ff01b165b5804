with facts as (

    select * from {{ ref('int_customer_facts') }}
    where is_current

),

scores as (

    select * from {{ ref('int_customer_scores') }}

),

rfm_cells as (

    select * from {{ ref('int_rfm_score_map') }}

),

learned as (

    select * from {{ ref('int_customer_segments') }}

),

interests as (

    select *
    from {{ ref('customer_interests') }}
    where interest_rank = 1

),

interest_groups as (

    select * from {{ ref('int_customer_interest_groups') }}

),

as_of as (

    select max(as_of_date) as as_of_date
    from facts

),

-- A refresh leaves interests as the last full build told them; what was told of a later date is not known here.
last_told as (

    select
        count(*) > 0 as has_groups,
        max(interest_groups.as_of_date) filter (where interest_groups.as_of_date <= as_of.as_of_date) as as_of_date
    from interest_groups
    cross join as_of

),

embedding as (

    select coordinates.*
    from {{ ref('coordinate_versions') }} as coordinates
    inner join {{ ref('int_active_version') }} as version_in_use
        on coordinates.model_version = version_in_use.model_version
    where coordinates.space = 'rfm_tsne'

)

select
    facts.customer_id,
    facts.country,
    scores.rfm_score,
    case when facts.frequency = 0 then 'all cancelled' else rfm_cells.segment end as rfm_segment,
    case when facts.frequency = 0 then 'all cancelled' else learned.broad_segment end as broad_segment,
    case when facts.frequency = 0 then 'all cancelled' else learned.detailed_segment end as detailed_segment,
    interests.category_name as interest_category,
    case
        when facts.frequency = 0 then 'all cancelled'
        when not last_told.has_groups then 'all customers'
        else coalesce(interest_groups.interest_group, 'not known yet')
    end as interest_group,
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
    learned.detailed_confidence as segment_confidence,
    embedding.x as embedding_x,
    embedding.y as embedding_y,
    spend.expected_spend as expected_spend_90_days,
    scores.model_version,
    scores.is_backfilled,
    facts.first_order_date,
    facts.last_order_date,
    facts.last_net_order_date,
    facts.as_of_date
from facts
cross join last_told
left join scores
    on facts.customer_id = scores.customer_id
left join rfm_cells
    on
        scores.recency_score = rfm_cells.recency_score
        and scores.frequency_score = rfm_cells.frequency_score
        and scores.monetary_score = rfm_cells.monetary_score
left join learned
    on facts.customer_id = learned.customer_id
left join interests
    on
        facts.customer_id = interests.customer_id
        and facts.as_of_date >= interests.as_of_date
left join interest_groups
    on
        facts.customer_id = interest_groups.customer_id
        and last_told.as_of_date = interest_groups.as_of_date
left join embedding
    on facts.customer_id = embedding.customer_id
left join {{ ref('int_expected_spend') }} as spend
    on
        facts.customer_id = spend.customer_id
        and facts.as_of_date >= spend.as_of_date
