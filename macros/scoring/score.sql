{#-
    SQL: a customer's score: how many of a measure's cut-points the value exceeds, from 1 on; of
    days as many fewer than the best. Null where every order is cancelled. It reads `customers` and
    the `cut_points` of `cut_points_by_version`.
-#}
{% macro score(measure) -%}
    case
        -- No version has fewer than two cut-points.
        when
            customers.frequency > 0
            and customers.exclusion_reason is null
            and cut_points.{{ measure }}_scores > 2
            then
                {{ 'cut_points.recency_days_scores -' if measure == 'recency_days' else '1 +' }} (
                    {%- for cut_number in range(1, most_scores()) %}
                    coalesce(cast(
                        customers.{{ measure }} > cut_points.{{ measure }}_{{ cut_number }}
                        as integer
                    ), 0){{ ' +' if not loop.last }}
                    {%- endfor %}
                )
    end
{%- endmacro %}


{#-
    SQL: the three scores side by side, e.g. 543; with ten scores apart, e.g. 10-4-3. Null without
    scores.
-#}
{% macro rfm_score_text(scored) -%}
    nullif(
        concat_ws(
            case
                when
                    greatest(
                        {%- for measure in score_measures() %}
                        {{ scored }}.{{ measure }}_scores {{- ',' if not loop.last }}
                        {%- endfor %}
                    ) > 9
                    then '-'
                else ''
            end,
            {{ scored }}.recency_score, {{ scored }}.frequency_score, {{ scored }}.monetary_score
        ),
        ''
    )
{%- endmacro %}


{#- SQL: whether a cell of `rfm_score_map` is that of the scores of `scored`. -#}
{% macro is_cell_of(cells, scored, counts) -%}
    {%- for measure in score_measures() -%}
        {%- set score = measure | replace('_days', '') ~ '_score' -%}
        {{ 'and ' if not loop.first -}}
        {{ score_level(scored ~ '.' ~ score, counts ~ '.' ~ measure ~ '_scores') }}
        = {{ cells }}.{{ score }}
        {{- '\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
