{%- set segmentations = ['rfm', 'broad', 'detailed'] -%}

with customers as (

    select * from {{ ref('customers') }}
    where frequency > 0

),

memberships as (

    {% for segmentation in segmentations %}
    select
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment,
        recency_percent_rank,
        frequency_percent_rank,
        monetary_percent_rank
    from customers
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

-- Decimal, as sums of doubles depend on their order.
select
    segmentation,
    segment,
    count(*) as customers,
    avg(cast(recency_percent_rank as decimal(18, 12))) as recency_rank,
    avg(cast(frequency_percent_rank as decimal(18, 12))) as frequency_rank,
    avg(cast(monetary_percent_rank as decimal(18, 12))) as monetary_rank
from memberships
group by 1, 2
