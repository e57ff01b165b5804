{#-
    SQL: the segment rules that earlier builds stored; none in the first build of a warehouse. Not a
    ref: a fit names its clusters after the rules before it, and dbt would call that a circle.
-#}
{% macro stored_rules() -%}
    {%- set stored = existing_relation(schema_of('segmentation'), 'int_segment_rules') -%}
    {% if stored -%}
        select * from {{ stored }}
    {%- else -%}
        select
            '' as segmentation,
            '' as segment,
            0 as model_version,
            0 as recency_min,
            0 as recency_max,
            cast(0 as bigint) as frequency_min,
            cast(0 as bigint) as frequency_max,
            cast(0 as decimal(18, 2)) as monetary_min,
            cast(0 as decimal(18, 2)) as monetary_max
        where false
    {%- endif %}
{%- endmacro %}
