-- With the other scores fixed, a better score never leads to a segment of less value. It warns, as
-- both seeds are the shop's to change.
{{ config(severity='warn') }}

with strategies as (

    {{ strategies_by_segment() | indent(4) }}

),

cells as (

    {{ rfm_score_map() | indent(4) }}

),

score_cells as (

    select
        cells.*,
        strategies.value_order
    from cells
    inner join strategies
        on
            strategies.segmentation = 'rfm'
            and cells.segment = strategies.segment

)

select
    worse.segment as from_segment,
    better.segment as to_segment
from score_cells as worse
inner join score_cells as better
    on
        worse.recency_score <= better.recency_score
        and worse.frequency_score <= better.frequency_score
        and worse.monetary_score <= better.monetary_score
where worse.value_order < better.value_order
