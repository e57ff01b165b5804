-- A customer's movements, one after the other, lead through the segments of the history: there is
-- one at each date of another segment than at the customer's date before, from that segment to this
-- one, and at no other date. So the last one up to a date is the segment of the date.
with history as (

    select
        {% for segmentation in segmentations() %}
        {{ segmentation }}_segment,
        lag({{ segmentation }}_segment) over by_customer as {{ segmentation }}_before,
        {% endfor %}
        customer_id,
        as_of_date
    from {{ ref('segment_history') }}
    window by_customer as (partition by customer_id order by as_of_date)

),

-- Most rows show no change, and would be held in memory to be read once per segmentation.
moved as (

    select * from history
    where
        false
        {% for segmentation in segmentations() %}
        or {{ segmentation }}_segment is distinct from {{ segmentation }}_before
        {% endfor %}

),

changed as (

    {% for segmentation in segmentations() %}
    select
        customer_id,
        as_of_date,
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_before as from_segment,
        {{ segmentation }}_segment as to_segment
    from moved
    where {{ segmentation }}_segment is distinct from {{ segmentation }}_before
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- What both sides have cancels out. The wide rows are held once, where a difference in each
-- direction would hold those of both sides twice.
sides as (

    select
        *,
        1 as side
    from changed

    union all

    select
        customer_id,
        as_of_date,
        segmentation,
        from_segment,
        to_segment,
        -1 as side
    from {{ ref('segment_changes') }}
    where change_type = 'movement'

)

select
    customer_id,
    as_of_date,
    segmentation,
    from_segment,
    to_segment,
    case when sum(side) > 0 then 'missing' else 'needless' end as problem
from sides
group by 1, 2, 3, 4, 5
having sum(side) <> 0
