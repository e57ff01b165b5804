{%- set segmentations = ['broad', 'detailed'] -%}

-- Of a cell the map says how many customers it holds, and of which segment most; the report leaves out those of few.
with customers as (

    select
        broad_segment,
        detailed_segment,
        embedding_x,
        embedding_y
    from {{ ref('customers') }}
    where embedding_x is not null

),

bounds as (

    select
        min(embedding_x) as least_x,
        min(embedding_y) as least_y,
        -- How many cells the map is wide or high, whichever is more: about as many as leave each six customers or more.
        least(40, greatest(2, round(sqrt(count(*) / 6)))) as cells,
        coalesce(
            nullif(greatest(max(embedding_x) - min(embedding_x), max(embedding_y) - min(embedding_y)), 0) / cells, 1
        ) as width,
        -- Rows are nearer to each other than columns, and every other one is set off by half a cell: like honeycombs.
        width * sqrt(3) / 2 as height
    from customers

),

rows_known as (

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

cells_known as (

    select
        *,
        (map_row % 2) / 2 as offset_share,
        cast(round((embedding_x - least_x) / width - offset_share) as integer) as map_column,
        least_x + (map_column + offset_share) * width as x,
        least_y + map_row * height as y
    from rows_known

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
    from cells_known
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        segmentation,
        segment,
        map_row,
        map_column,
        x,
        y,
        count(*) as customers_of_segment
    from memberships
    group by 1, 2, 3, 4, 5, 6

)

select
    segmentation,
    arg_max(segment, (customers_of_segment, segment)) as segment,
    map_row,
    map_column,
    x,
    y,
    cast(max(customers_of_segment) as bigint) as customers_of_segment,
    cast(sum(customers_of_segment) as bigint) as customers
from counted
group by 1, 3, 4, 5, 6
