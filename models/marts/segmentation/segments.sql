{%- set segmentations = ['rfm', 'broad', 'detailed'] %}
{%- set columns = ['meaning', 'goal', 'action', 'channel', 'measure_of_success', 'display_order'] -%}

with customers as (

    select * from {{ ref('customers') }}

),

strategies as (

    select * from {{ ref('segment_strategies') }}

),

-- Score segments are all there are; of the learned ones those that the version in use found.
named as (

    select
        segmentation,
        segment
    from strategies
    where
        segmentation = 'rfm'
        or segment = 'all cancelled'

    union

    select
        segmentation,
        segment
    from {{ ref('int_active_rules') }}

),

-- A segment that is named by its profile has the strategy that fits any.
advised as (

    select
        {% for column in columns %}
        coalesce(own.{{ column }}, others.{{ column }}) as {{ column }},
        {% endfor %}
        named.segmentation,
        named.segment
    from named
    left join strategies as own
        on
            named.segmentation = own.segmentation
            and named.segment = own.segment
    left join strategies as others
        on
            named.segmentation = others.segmentation
            and others.segment = 'any other'

),

memberships as (

    {% for segmentation in segmentations %}
    select
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment,
        recency_days,
        frequency,
        monetary
    from customers
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

sizes as (

    select
        segmentation,
        segment,
        count(*) as size,
        sum(monetary) as revenue,
        avg(recency_days) as mean_recency_days,
        avg(frequency) as mean_frequency,
        avg(monetary) as mean_monetary,
        cast(median(recency_days) as double) as median_recency_days,
        cast(median(frequency) as double) as median_frequency,
        cast(median(monetary) as double) as median_monetary
    from memberships
    group by 1, 2

),

whole as (

    select
        count(*) as size,
        sum(monetary) as revenue,
        avg(recency_days) as mean_recency_days,
        avg(frequency) as mean_frequency,
        avg(monetary) as mean_monetary,
        cast(median(recency_days) as double) as median_recency_days,
        cast(median(frequency) as double) as median_frequency,
        cast(median(monetary) as double) as median_monetary
    from customers

),

-- Medians, as a few wholesalers would make everyone else look poor beside the mean. One day is added to recency, as it may be 0.
compared as (

    {% for feature, better, worse, words, value in [
        ('recency_days', 'bought more recently', 'stayed away longer', 'days since the last order: {}, typically {}', '{:g}'),
        ('frequency', 'order more often', 'order less often', 'orders: {}, typically {}', '{:g}'),
        ('monetary', 'spend more', 'spend less', 'spent: {}, typically {}', '{:,.0f}'),
    ] %}
    {% set day = ' + 1' if feature == 'recency_days' else '' %}
    select
        sizes.segmentation,
        sizes.segment,
        {{ loop.index }} as place,
        (sizes.median_{{ feature }}{{ day }}) / nullif(whole.median_{{ feature }}{{ day }}, 0) as ratio,
        concat(
            case when ratio {{ '<' if day else '>' }} 1 then '{{ better }}' else '{{ worse }}' end,
            format(
                ' ({{ words | replace('{}', value) }})',
                sizes.median_{{ feature }},
                whole.median_{{ feature }}
            )
        ) as words
    from sizes
    cross join whole
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

apart as (

    select
        segmentation,
        segment,
        string_agg(
            words, '; ' order by case when ratio > 0 then greatest(ratio, 1 / ratio) end desc nulls first, place asc
        ) filter (where ratio not between 0.8 and 1.25) as words
    from compared
    group by 1, 2

)

select
    advised.segmentation,
    advised.segment,
    advised.meaning,
    case when sizes.size > 0 then coalesce(apart.words, 'much like the typical customer') end as distinguishing_traits,
    advised.goal,
    advised.action,
    advised.channel,
    advised.measure_of_success,
    cast(
        row_number() over (partition by advised.segmentation order by advised.display_order asc, advised.segment asc) as integer
    ) as display_order,
    coalesce(sizes.size, 0) as size,
    cast(coalesce(sizes.revenue, 0) as decimal(18, 2)) as revenue,
    coalesce(sizes.size, 0) / nullif(whole.size, 0) as share,
    coalesce(sizes.revenue, 0) / nullif(whole.revenue, 0) as revenue_share,
    sizes.mean_recency_days,
    sizes.median_recency_days,
    100 * sizes.mean_recency_days / nullif(whole.mean_recency_days, 0) as recency_index,
    sizes.mean_frequency,
    sizes.median_frequency,
    100 * sizes.mean_frequency / nullif(whole.mean_frequency, 0) as frequency_index,
    sizes.mean_monetary,
    sizes.median_monetary,
    100 * sizes.mean_monetary / nullif(whole.mean_monetary, 0) as monetary_index
from advised
cross join whole
left join sizes
    on
        advised.segmentation = sizes.segmentation
        and advised.segment = sizes.segment
left join apart
    on
        advised.segmentation = apart.segmentation
        and advised.segment = apart.segment
