{#-
    SQL: a row per version (`model_version`) with the four cut-points of each measure side by side,
    as `cut_points_passed` reads them.
-#}
{% macro cut_points_by_version(cut_points) -%}
    select
        model_version,
        {% for measure in ['recency_days', 'frequency', 'monetary'] %}
        {% set is_last_measure = loop.last %}
        {% for cut_number in range(1, 5) %}
        max(cut_point) filter (
            where measure = '{{ measure }}' and cut_number = {{ cut_number }}
        ) as {{ measure }}_{{ cut_number }}{{ ',' if not (loop.last and is_last_measure) }}
        {% endfor %}
        {% endfor %}
    from {{ cut_points }}
    group by 1
{%- endmacro %}
