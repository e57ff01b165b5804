{%- set segmentations = ['rfm', 'broad', 'detailed'] -%}

with customers as (

    select * from {{ ref('customers') }}

),

interests as (

    select * from {{ ref('customer_interests') }}

),

-- Customers are gone through once, for all segmentations.
together as (

    select
        customers.rfm_segment,
        customers.broad_segment,
        customers.detailed_segment,
        interests.category_name,
        count(*) as customers,
        sum(interests.spend) as spend
    from interests
    inner join customers
        on interests.customer_id = customers.customer_id
    group by 1, 2, 3, 4

),

spends as (

    {% for segmentation in segmentations %}
    select
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment,
        category_name,
        cast(sum(customers) as bigint) as customers,
        sum(spend) as spend
    from together
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
        sum(sum(spend)) over (partition by segmentation) as spend_on_all
    from spends
    group by 1, 2

)

-- What a segment spends nothing on is told too.
select
    segments.segmentation,
    segments.segment,
    categories.category_name,
    coalesce(spends.customers, 0) as customers,
    cast(coalesce(spends.spend, 0) as decimal(18, 2)) as spend,
    coalesce(spends.spend, 0) / nullif(segments.spend, 0) as spend_share,
    categories.spend / nullif(categories.spend_on_all, 0) as usual_share
from segments
inner join categories
    on segments.segmentation = categories.segmentation
left join spends
    on
        segments.segmentation = spends.segmentation
        and segments.segment = spends.segment
        and categories.category_name = spends.category_name
