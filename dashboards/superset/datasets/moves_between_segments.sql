-- One row per date, segmentation and pair of segments. `segment` is the later one, as the other
-- tables name it. A blank makes the names of both ends differ: a flow that came back to its
-- beginning could not be drawn. Who placed a first order came, and moved from no segment.
select
    segmentation,
    to_segment as segment,
    from_segment as segment_before,
    to_segment || ' ' as segment_after,
    customer_count,
    revenue,
    from_segment <> to_segment and from_segment <> 'no order yet' as is_move,
    as_of_date
from segment_transitions
