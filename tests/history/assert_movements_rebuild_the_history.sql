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

changed as (

    {% for segmentation in segmentations() %}
    select
        customer_id,
        as_of_date,
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_before as from_segment,
        {{ segmentation }}_segment as to_segment
    from history
    where {{ segmentation }}_segment is distinct from {{ segmentation }}_before
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

movements as (

    select
        customer_id,
        as_of_date,
        segmentation,
        from_segment,
        to_segment
    from {{ ref('segment_changes') }}
    where change_type = 'movement'

),

missing as (

    select * from changed

    except

    select * from movements

),

needless as (

    select * from movements

    except

    select * from changed

)

select
    *,
    'missing' as problem
from missing

union all

select
    *,
    'needless' as problem
from needless
