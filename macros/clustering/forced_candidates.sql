{#-
    SQL: one row per segmentation for which a setting asks for a candidate ('rfm_plane kmeans 3'),
    whatever its measures.
-#}
{% macro forced_candidates() -%}
    {%- for segmentation in ['broad', 'detailed'] %}
        {%- set name = var('force_' ~ segmentation ~ '_clustering') -%}
        {#- A wrong name stops the run with an error of its own; until then it has to parse. -#}
        {%- set is_asked_for = name is string and name.split() | length == 3 -%}
        {%- set space, algorithm, k = name.split() if is_asked_for else ('', '', 0) %}
        select
            '{{ segmentation }}' as segmentation,
            '{{ space }}' as space,
            '{{ algorithm }}' as algorithm,
            {{ k }} as k
        where {{ 'true' if is_asked_for else 'false' }}
        {{- '\nunion all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
