{#-
    SQL: CTEs that put `facts` (customer_id, as_of_date, model_version, recency_days, frequency, monetary and what else they have) into
    segments by the scores and rules of their own version, the last of them `segmented`. Who all cancelled has no scores.
-#}
{% macro segments_of(facts) -%}
cut_points as (

    {{ cut_points_by_version() }}

),

scored as (

    select
        customers.*,
        case when customers.frequency > 0 then 5 - {{ cut_points_passed('recency_days') }} end as recency_score,
        case when customers.frequency > 0 then 1 + {{ cut_points_passed('frequency') }} end as frequency_score,
        case when customers.frequency > 0 then 1 + {{ cut_points_passed('monetary') }} end as monetary_score
    from {{ facts }} as customers
    inner join cut_points
        on customers.model_version = cut_points.model_version

),

{{ rules_by_combination('scored', ref('segment_rules'), ['model_version', 'recency_days', 'frequency']) }},

segmented as (

    select
        scored.*,
        nullif(concat(scored.recency_score, scored.frequency_score, scored.monetary_score), '') as rfm_score,
        case when scored.frequency = 0 then 'all cancelled' else rfm_cells.segment end as rfm_segment,
        case when scored.frequency = 0 then 'all cancelled' else broad.segment end as broad_segment,
        case when scored.frequency = 0 then 'all cancelled' else detailed.segment end as detailed_segment
    from scored
    left join {{ ref('int_rfm_score_map') }} as rfm_cells
        on
            scored.recency_score = rfm_cells.recency_score
            and scored.frequency_score = rfm_cells.frequency_score
            and scored.monetary_score = rfm_cells.monetary_score
    {% for segmentation in ['broad', 'detailed'] %}
    left join rules_by_combination as {{ segmentation }}
        on
            {{ segmentation }}.segmentation = '{{ segmentation }}'
            and scored.model_version = {{ segmentation }}.model_version
            and scored.recency_days = {{ segmentation }}.recency_days
            and scored.frequency = {{ segmentation }}.frequency
            and {{ in_bounds('scored', segmentation, ['monetary']) | indent(12) }}
    {% endfor %}

)
{%- endmacro %}
