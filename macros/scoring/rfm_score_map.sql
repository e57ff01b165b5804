{#-
    SQL: the segment of each cell of the grid of five levels by the seed: segment, repeat_segment
    (the name for who has ordered more than once, where it differs), recency_score, frequency_score
    and monetary_score. Where a measure has another number of scores, `score_level` finds the level.
-#}
{% macro rfm_score_map() -%}
    with scores as (

        select unnest([1, 2, 3, 4, 5]) as score

    ),

    cells as (

        select
            recency.score as recency_score,
            frequency.score as frequency_score,
            monetary.score as monetary_score
        from scores as recency
        cross join scores as frequency
        cross join scores as monetary

    )

    select
        blocks.segment,
        blocks.repeat_segment,
        cells.recency_score,
        cells.frequency_score,
        cells.monetary_score
    from cells
    inner join {{ ref('rfm_segments') }} as blocks
        on
            cells.recency_score between blocks.recency_min and blocks.recency_to
            and cells.frequency_score between blocks.frequency_min and blocks.frequency_to
            and cells.monetary_score between blocks.monetary_min and blocks.monetary_to
{%- endmacro %}
