with snapshots as (

    {{ snapshots_with_custom_segments() | indent(4) }}

),

-- Counted once by all segmentations together: the history is long, the ways to move are few.
counted as (

    select
        as_of_date,
        {% for segmentation in segmentations() %}
        {{ segmentation }}_before,
        {{ segmentation }}_segment,
        {% endfor %}
        count(*) as customer_count,
        sum(monetary - coalesce(monetary_before, 0)) as revenue,
        max(previous_date) as previous_date
    from snapshots
    group by all

),

dates as (

    select
        as_of_date,
        max(previous_date) as previous_date
    from counted
    group by 1

),

-- Customers who placed their first order since the date before have no previous segment. `new` is
-- an rfm segment of its own.
flows as (

    {% for segmentation in segmentations() %}
    select
        '{{ segmentation }}' as segmentation,
        coalesce({{ segmentation }}_before, 'no order yet') as from_segment,
        {{ segmentation }}_segment as to_segment,
        as_of_date,
        cast(sum(customer_count) as bigint) as customer_count,
        sum(revenue) as revenue
    from counted
    group by 1, 2, 3, 4
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    flows.segmentation,
    flows.from_segment,
    flows.to_segment,
    flows.customer_count,
    cast(flows.revenue as decimal(18, 2)) as revenue,
    case
        when flows.from_segment <> 'no order yet'
            then flows.customer_count / sum(flows.customer_count) over (
                partition by flows.segmentation, flows.as_of_date, flows.from_segment
            )
    end as transition_probability,
    sum(flows.customer_count) filter (where flows.from_segment = flows.to_segment) over of_date
    / nullif(
        sum(flows.customer_count) filter (
            where flows.from_segment <> 'no order yet'
        ) over of_date,
        0
    ) as stay_rate,
    dates.previous_date,
    flows.as_of_date
from flows
inner join dates
    on flows.as_of_date = dates.as_of_date
window of_date as (partition by flows.segmentation, flows.as_of_date)
