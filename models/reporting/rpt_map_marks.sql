{%- set most_points = 4000 -%}

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
        {% for segmentation in segmentations() %}
        customers.{{ segmentation }}_segment,
        {% endfor %}
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

    {% for segmentation in segmentations() %}
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
    group by segmentation, segment, map_row, map_column, x, y

),

-- The segment of most customers names a cell; the report leaves out cells of few.
cells as (

    select
        'cell' as mark_type,
        segmentation,
        arg_max(segment, (segment_customer_count, segment)) as segment,
        map_row,
        map_column,
        cast(max(segment_customer_count) as bigint) as segment_customer_count,
        cast(sum(segment_customer_count) as bigint) as customer_count,
        x,
        y
    from cell_segments
    group by segmentation, map_row, map_column, x, y

),

-- Neither who is drawn nor the order follows the id, because trying ids would reveal a hash of it.
-- Customers with equal columns are equal here too, so ties change nothing.
drawn as (

    select
        *,
        row_number() over (
            order by
                md5(concat_ws(' ', embedding_x, embedding_y)) asc,
                embedding_x asc,
                embedding_y asc,
                recency_days asc,
                frequency asc,
                monetary asc,
                broad_segment asc,
                detailed_segment asc,
                rfm_segment asc
        ) as draw_number
    from customers
    -- None unless the setting asks for customers.
    where {{ var('report_customer_rows') | lower }}

),

points as (

    select
        'customer' as mark_type,
        rfm_segment,
        broad_segment,
        detailed_segment,
        cast(
            row_number() over (
                order by
                    embedding_x asc,
                    embedding_y asc,
                    draw_number asc
            ) as integer
        ) as point_number,
        frequency,
        monetary,
        recency_days,
        embedding_x as x,
        embedding_y as y
    from drawn
    where draw_number <= {{ most_points }}

)

select
    cells.mark_type,
    cells.segmentation,
    cells.segment,
    cast(null as varchar) as rfm_segment,
    cast(null as varchar) as broad_segment,
    cast(null as varchar) as detailed_segment,
    cells.map_row,
    cells.map_column,
    cast(null as integer) as point_number,
    cells.segment_customer_count,
    cells.customer_count,
    cast(null as bigint) as frequency,
    cast(null as decimal(18, 2)) as monetary,
    cast(null as integer) as recency_days,
    cells.x,
    cells.y
from cells

union all

select
    points.mark_type,
    null as segmentation,
    null as segment,
    points.rfm_segment,
    points.broad_segment,
    points.detailed_segment,
    null as map_row,
    null as map_column,
    points.point_number,
    null as segment_customer_count,
    null as customer_count,
    points.frequency,
    points.monetary,
    points.recency_days,
    points.x,
    points.y
from points
