{%- set segmentations = ['rfm', 'broad', 'detailed'] -%}

with customers as (

    select * from {{ ref('customers') }}

),

interests as (

    select * from {{ ref('customer_interests') }}

),

memberships as (

    {% for segmentation in segmentations %}
    select
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment,
        customer_id
    from customers
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

spends as (

    select
        memberships.segmentation,
        memberships.segment,
        interests.category_name,
        count(*) as customers,
        sum(interests.spend) as spend
    from interests
    inner join memberships
        on interests.customer_id = memberships.customer_id
    group by 1, 2, 3

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
