{#- A candidate as a setting names it ('rfm_plane kmeans 3'), in parts: space, algorithm, k. -#}
{% macro candidate_parts(name) -%}
    {{ return(name.split()) }}
{%- endmacro %}


{#- SQL: one row per segmentation for which a setting asks for a candidate, whatever its measures. -#}
{% macro forced_candidates() -%}
    {%- for segmentation in ['broad', 'detailed'] %}
        {%- set name = var(segmentation ~ '_clustering') -%}
        {%- set space, algorithm, k = candidate_parts(name) if name is not none else ('', '', 0) %}
        select '{{ segmentation }}' as segmentation, '{{ space }}' as space, '{{ algorithm }}' as algorithm, {{ k }} as k
        where {{ 'true' if name is not none else 'false' }}
        {{- '\nunion all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
