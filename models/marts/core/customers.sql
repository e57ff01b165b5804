-- depends_on: {{ ref('custom_segments') }}
-- Not materialized: DuckDB would store all customers to look up their date.
with segments as not materialized (

    select
        *,
        {{ custom_segment() | indent(8) }} as custom_segment
    from {{ ref('int_customer_segments') }}

),

as_of as (

    select max(as_of_date) as as_of_date
    from segments

),

-- A refresh leaves interests, places on the map and expected spend as of the last full build. What
-- is of a later date than its own is not known to it.
interests as (

    select spends.*
    from {{ ref('int_customer_category_spend') }} as spends
    inner join as_of
        on spends.as_of_date <= as_of.as_of_date
    where
        spends.is_current
        and spends.interest_rank = 1

),

all_interest_groups as (

    select * from {{ ref('int_customer_interest_groups') }}
    where is_current

),

interest_groups as (

    select all_interest_groups.*
    from all_interest_groups
    inner join as_of
        on all_interest_groups.as_of_date <= as_of.as_of_date

),

embeddings as (

    select embeddings.*
    from {{ ref('customer_embeddings') }} as embeddings
    inner join as_of
        on embeddings.as_of_date <= as_of.as_of_date

)

select
    segments.customer_id,
    segments.country,
    segments.rfm_score,
    segments.rfm_segment,
    segments.broad_segment,
    segments.detailed_segment,
    segments.custom_segment,
    segments.next_rfm_segment,
    segments.next_broad_segment,
    segments.next_detailed_segment,
    interests.category_name as interest_category,
    case
        when segments.frequency = 0 then 'all cancelled'
        when not exists (select 1 from all_interest_groups) then 'all customers'
        else coalesce(interest_groups.interest_group, 'not known yet')
    end as interest_group,
    segments.orders_placed,
    segments.frequency,
    segments.monetary,
    segments.recency_days,
    segments.recency_score,
    segments.frequency_score,
    segments.monetary_score,
    segments.recency_percent_rank,
    segments.frequency_percent_rank,
    segments.monetary_percent_rank,
    segments.broad_rule,
    segments.detailed_rule,
    segments.detailed_confidence as segment_confidence,
    embeddings.x as embedding_x,
    embeddings.y as embedding_y,
    expected_spend.basis as expected_spend_basis,
    expected_spend.expected_spend as expected_spend_90_days,
    expected_spend.expected_spend_low,
    expected_spend.expected_spend_high,
    segments.model_version,
    segments.is_backfilled,
    segments.first_order_date,
    segments.last_order_date,
    segments.last_net_order_date,
    segments.next_rfm_segment_date,
    segments.next_broad_segment_date,
    segments.next_detailed_segment_date,
    segments.as_of_date
from segments
left join interests
    on segments.customer_id = interests.customer_id
left join interest_groups
    on segments.customer_id = interest_groups.customer_id
left join embeddings
    on segments.customer_id = embeddings.customer_id
left join {{ ref('int_expected_spend') }} as expected_spend
    on
        segments.customer_id = expected_spend.customer_id
        and segments.as_of_date >= expected_spend.as_of_date
