{#-
    SQL: one row per segmentation for which a setting asks for a candidate ('rfm_plane kmeans 3'),
    whatever its measures.
-#}
{% macro forced_candidates() -%}
    {%- for segmentation in ['broad', 'detailed'] %}
        {%- set name = var('force_' ~ segmentation ~ '_clustering') -%}
        {#- A wrong name stops the run earlier with an error of its own; this only has to parse. -#}
        {%- set is_asked_for = name is not none and is_candidate(name) -%}
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
