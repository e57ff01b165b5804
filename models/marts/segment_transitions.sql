with history as (

    {% for segmentation in ['rfm', 'broad', 'detailed'] %}
    select
        '{{ segmentation }}' as segmentation,
        customer_id,
        as_of_date,
        {{ segmentation }}_segment as segment,
        monetary
    from {{ ref('segment_history') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

dates as (

    select * from {{ ref('history_dates_told') }}

),

steps as (

    select
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as previous_date
    from dates

),

-- From no segment come those who placed their first order since; `new` is an rfm segment of its own.
flows as (

    select
        after.segmentation,
        steps.previous_date,
        after.as_of_date,
        coalesce(before.segment, 'no order yet') as from_segment,
        after.segment as to_segment,
        count(*) as customers,
        sum(after.monetary - coalesce(before.monetary, 0)) as revenue
    from history as after
    inner join steps
        on after.as_of_date = steps.as_of_date
    left join history as before
        on
            after.segmentation = before.segmentation
            and after.customer_id = before.customer_id
            and steps.previous_date = before.as_of_date
    group by 1, 2, 3, 4, 5

)

select
    segmentation,
    from_segment,
    to_segment,
    customers,
    cast(revenue as decimal(18, 2)) as revenue,
    case
        when from_segment <> 'no order yet'
            then customers / sum(customers) over (partition by segmentation, as_of_date, from_segment)
    end as share_of_from,
    sum(customers) filter (where from_segment = to_segment) over (partition by segmentation, as_of_date)
    / nullif(sum(customers) filter (where from_segment <> 'no order yet') over (partition by segmentation, as_of_date), 0)
        as stay_rate,
    previous_date,
    as_of_date
from flows
