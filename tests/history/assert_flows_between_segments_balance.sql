-- Customers who leave a segment between two dates are those who were in it on the first, and
-- customers who arrive in one are those who are in it on the second.
-- Counted once by all segmentations together: the history is long, the combinations are few.
with combinations as (

    select
        as_of_date,
        {% for segmentation in segmentations() %}
        {{ segmentation }}_segment,
        {% endfor %}
        count(*) as customer_count
    from {{ ref('segment_history') }}
    group by all

),

counted as (

    {% for segmentation in segmentations() %}
    select
        '{{ segmentation }}' as segmentation,
        as_of_date,
        {{ segmentation }}_segment as segment,
        sum(customer_count) as customer_count
    from combinations
    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

days as (

    select
        as_of_date,
        lead(as_of_date) over (order by as_of_date) as next_date
    from {{ ref('int_snapshot_dates') }}

),

due as (

    select
        'arrived in' as side,
        segmentation,
        as_of_date,
        segment,
        customer_count
    from counted

    union all

    select
        'left' as side,
        counted.segmentation,
        days.next_date as as_of_date,
        counted.segment,
        counted.customer_count
    from counted
    inner join days
        on counted.as_of_date = days.as_of_date
    where days.next_date is not null

),

flowed as (

    select
        'arrived in' as side,
        segmentation,
        as_of_date,
        to_segment as segment,
        sum(customer_count) as customer_count
    from {{ ref('segment_transitions') }}
    group by 1, 2, 3, 4

    union all

    select
        'left' as side,
        segmentation,
        as_of_date,
        from_segment as segment,
        sum(customer_count) as customer_count
    from {{ ref('segment_transitions') }}
    where from_segment <> 'no order yet'
    group by 1, 2, 3, 4

)

select
    due.side,
    due.segmentation,
    due.as_of_date,
    due.segment,
    due.customer_count,
    flowed.customer_count as flowed
from due
full outer join flowed
    on
        due.side = flowed.side
        and due.segmentation = flowed.segmentation
        and due.as_of_date = flowed.as_of_date
        and due.segment = flowed.segment
where due.customer_count is distinct from flowed.customer_count
