{%- set segmentations = ['broad', 'detailed'] -%}

with customers as (

    select * from {{ ref('customers') }}
    where embedding_x is not null

),

bounds as (

    select
        min(embedding_x) as least_x,
        min(embedding_y) as least_y,
        -- Along the longer side: about as many cells as leave each six customers or more.
        least(40, greatest(2, round(sqrt(count(*) / 6)))) as cell_count,
        greatest(
            max(embedding_x) - min(embedding_x), max(embedding_y) - min(embedding_y)
        ) as side,
        coalesce(nullif(side, 0) / cell_count, 1) as width,
        -- A honeycomb: rows are nearer to each other than columns, and every other row is shifted
        -- by half a cell.
        width * sqrt(3) / 2 as height
    from customers

),

customer_rows as (

    select
        customers.broad_segment,
        customers.detailed_segment,
        customers.embedding_x,
        bounds.least_x,
        bounds.least_y,
        bounds.width,
        bounds.height,
        cast(round((customers.embedding_y - bounds.least_y) / bounds.height) as integer) as map_row
    from customers
    cross join bounds

),

customer_cells as (

    select
        *,
        (map_row % 2) / 2 as offset_share,
        cast(round((embedding_x - least_x) / width - offset_share) as integer) as map_column,
        least_x + (map_column + offset_share) * width as x,
        least_y + map_row * height as y
    from customer_rows

),

memberships as (

    {% for segmentation in segmentations %}
    select
        '{{ segmentation }}' as segmentation,
        {{ segmentation }}_segment as segment,
        map_row,
        map_column,
        x,
        y
    from customer_cells
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

cell_segments as (

    select
        segmentation,
        segment,
        map_row,
        map_column,
        x,
        y,
        count(*) as segment_customer_count
    from memberships
    group by 1, 2, 3, 4, 5, 6

)

-- The segment of most customers names a cell; the report leaves out cells of few.
select
    segmentation,
    arg_max(segment, (segment_customer_count, segment)) as segment,
    map_row,
    map_column,
    x,
    y,
    cast(max(segment_customer_count) as bigint) as segment_customer_count,
    cast(sum(segment_customer_count) as bigint) as customer_count
from cell_segments
group by 1, 3, 4, 5, 6
