-- A customer's movements, one after the other, lead through the segments of the history: the last
-- one up to a date is the segment of the date.
with history as (

    {% for segmentation in ['rfm', 'broad', 'detailed'] %}
    select
        customer_id,
        as_of_date,
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment
    from {{ ref('segment_history') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

movements as (

    select
        *,
        lag(to_segment) over (
            partition by customer_id, segmentation
            order by as_of_date
        ) as segment_before
    from {{ ref('segment_changes') }}
    where change_type = 'movement'

),

rebuilt as (

    select
        history.*,
        movements.to_segment,
        movements.from_segment,
        movements.segment_before
    from history
    asof left join movements
        on
            history.customer_id = movements.customer_id
            and history.segmentation = movements.segmentation
            and history.as_of_date >= movements.as_of_date

)

select *
from rebuilt
where
    to_segment is distinct from segment
    or from_segment is distinct from segment_before
