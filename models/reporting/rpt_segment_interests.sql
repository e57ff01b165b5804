with customers as (

    select * from {{ ref('customers') }}

),

customer_interests as (

    select * from {{ ref('customer_interests') }}

),

-- One pass over the customers, for all segmentations.
segment_combinations as (

    select
        {% for segmentation in segmentations() %}
        customers.{{ segmentation }}_segment,
        {% endfor %}
        customer_interests.category_name,
        count(*) as customer_count,
        sum(customer_interests.spend) as spend
    from customer_interests
    inner join customers
        on customer_interests.customer_id = customers.customer_id
    group by all

),

spends as (

    {% for segmentation in segmentations() %}
    select
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment,
        category_name,
        cast(sum(customer_count) as bigint) as customer_count,
        sum(spend) as spend
    from segment_combinations
    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

segments as (

    select
        segmentation,
        segment,
        sum(spend) as spend
    from spends
    group by 1, 2

),

categories as (

    select
        segmentation,
        category_name,
        sum(spend) as spend,
        sum(sum(spend)) over (partition by segmentation) as total_spend
    from spends
    group by 1, 2

)

-- Categories that a segment spends nothing on are rows too.
select
    segments.segmentation,
    segments.segment,
    categories.category_name,
    coalesce(spends.customer_count, 0) as customer_count,
    cast(coalesce(spends.spend, 0) as decimal(18, 2)) as spend,
    coalesce(spends.spend, 0) / nullif(segments.spend, 0) as spend_share,
    categories.spend / nullif(categories.total_spend, 0) as usual_share
from segments
inner join categories
    on segments.segmentation = categories.segmentation
left join spends
    on
        segments.segmentation = spends.segmentation
        and segments.segment = spends.segment
        and categories.category_name = spends.category_name
