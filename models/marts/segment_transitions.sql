{%- set segmentations = ['rfm', 'broad', 'detailed'] %}

with history as (

    select * from {{ ref('segment_history') }}

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

-- From no segment come those who placed their first order since; `new` is an rfm segment of its own. All three segmentations at
-- once, as the history is long.
moves as (

    select
        steps.previous_date,
        after.as_of_date,
        {% for segmentation in segmentations %}
        coalesce(before.{{ segmentation }}_segment, 'no order yet') as {{ segmentation }}_before,
        after.{{ segmentation }}_segment,
        {% endfor %}
        after.monetary - coalesce(before.monetary, 0) as revenue
    from history as after
    inner join steps
        on after.as_of_date = steps.as_of_date
    left join history as before
        on
            after.customer_id = before.customer_id
            and steps.previous_date = before.as_of_date

),

flows as (

    {% for segmentation in segmentations %}
    select
        '{{ segmentation }}' as segmentation,
        previous_date,
        as_of_date,
        {{ segmentation }}_before as from_segment,
        {{ segmentation }}_segment as to_segment,
        count(*) as customers,
        sum(revenue) as revenue
    from moves
    group by 1, 2, 3, 4, 5
    {{ 'union all' if not loop.last }}
    {% endfor %}

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
