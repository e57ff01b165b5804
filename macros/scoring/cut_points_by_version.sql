{#-
    SQL: a row per version (`model_version`) with the cut-points of each measure side by side, as
    `score` reads them, and the number of its scores (`recency_days_scores` …): one more than
    cut-points. A version has its own number, whatever the setting is by now. With `by_group` a row
    also per group that is scored on its own; the `score_group` of the whole shop is ''.
-#}
{% macro cut_points_by_version(cut_points, by_group=false) -%}
    select
        model_version,
        {{ "coalesce(score_group, '') as score_group," if by_group }}
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
    where
        measure in ('{{ score_measures() | join("', '") }}')
        {{ 'and score_group is null' if not by_group }}
    group by {{ '1, 2' if by_group else '1' }}
{%- endmacro %}
