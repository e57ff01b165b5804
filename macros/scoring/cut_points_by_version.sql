{#-
    SQL: a row per version (`score_version`) with the four cut-points of each measure side by side, as `cut_points_passed` reads them.
-#}
{% macro cut_points_by_version() -%}
    select
        {% for measure in ['recency_days', 'frequency', 'monetary'] %}
        {% for cut_number in range(1, 5) %}
        max(cut_point) filter (
            where measure = '{{ measure }}' and cut_number = {{ cut_number }}
        ) as {{ measure }}_{{ cut_number }},
        {% endfor %}
        {% endfor %}
        score_version
    from {{ ref('score_cut_points') }}
    group by score_version
{%- endmacro %}
