with customers as (

    select * from {{ ref('customers') }}

),

strategies as (

    select * from {{ ref('segment_strategies') }}

),

memberships as (

    select
        'rfm' as segmentation,
        rfm_segment as segment,
        recency_days,
        frequency,
        monetary
    from customers

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
        median(recency_days) as median_recency_days,
        median(frequency) as median_frequency,
        median(monetary) as median_monetary
    from memberships
    group by 1, 2

),

whole as (

    select
        count(*) as size,
        sum(monetary) as revenue,
        avg(recency_days) as mean_recency_days,
        avg(frequency) as mean_frequency,
        avg(monetary) as mean_monetary
    from customers

)

select
    strategies.segmentation,
    strategies.segment,
    strategies.meaning,
    strategies.goal,
    strategies.action,
    strategies.channel,
    strategies.measure_of_success,
    strategies.display_order,
    coalesce(sizes.size, 0) as size,
    cast(coalesce(sizes.revenue, 0) as decimal(18, 2)) as revenue,
    coalesce(sizes.size, 0) / nullif(whole.size, 0) as share,
    coalesce(sizes.revenue, 0) / nullif(whole.revenue, 0) as revenue_share,
    sizes.mean_recency_days,
    cast(sizes.median_recency_days as double) as median_recency_days,
    100 * sizes.mean_recency_days / nullif(whole.mean_recency_days, 0) as recency_index,
    sizes.mean_frequency,
    cast(sizes.median_frequency as double) as median_frequency,
    100 * sizes.mean_frequency / nullif(whole.mean_frequency, 0) as frequency_index,
    sizes.mean_monetary,
    cast(sizes.median_monetary as double) as median_monetary,
    100 * sizes.mean_monetary / nullif(whole.mean_monetary, 0) as monetary_index
from strategies
cross join whole
left join sizes
    on
        strategies.segmentation = sizes.segmentation
        and strategies.segment = sizes.segment
