{#-
    SQL: a row per version (`model_version`) with the cut-points of each measure side by side, as
    `score` reads them, and the number of its scores (`recency_days_scores` …): one more than
    cut-points. A version has its own number, whatever the setting is by now.
-#}
{% macro cut_points_by_version(cut_points) -%}
    select
        model_version,
        {% for measure in score_measures() %}
        {% for cut_number in range(1, most_scores()) %}
        max(cut_point) filter (
            where measure = '{{ measure }}' and cut_number = {{ cut_number }}
        ) as {{ measure }}_{{ cut_number }},
        {% endfor %}
        cast(count(*) filter (where measure = '{{ measure }}') + 1 as integer)
            as {{ measure }}_scores {{- ',' if not loop.last }}
        {% endfor %}
    from {{ cut_points }}
    group by 1
{%- endmacro %}
