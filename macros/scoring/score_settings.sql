{#-
    The measures of the scores, each with the number of its scores (`score_count`) and, where the
    setting `rfm_cut_points` fixes them, its `bounds`.
-#}
{% macro score_settings() -%}
    {%- set wanted = var('rfm_cut_points') -%}
    {%- set settings = {} -%}
    {%- for measure in score_measures() -%}
        {%- set own = wanted.get(measure) if wanted is mapping else wanted -%}
        {%- if own is none -%}
            {%- do settings.update({measure: {'score_count': 5}}) -%}
        {%- elif own is number -%}
            {%- do settings.update({measure: {'score_count': own}}) -%}
        {%- else -%}
            {%- do settings.update({measure: {'score_count': own | length + 1, 'bounds': own}}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(settings) }}
{%- endmacro %}


{#- What customers are scored by. -#}
{% macro score_measures() -%}
    {{ return(['recency_days', 'frequency', 'monetary']) }}
{%- endmacro %}


{#- A measure has so many scores at most, and one cut-point fewer. -#}
{% macro most_scores() -%}
    {{ return(10) }}
{%- endmacro %}


{#-
    SQL: the level of a score on the grid of five that the seed `rfm_segments` names: the fifth that
    the middle of the score's own share lies in. Five scores are their levels; three are 1, 3 and 5,
    four 1, 2, 4 and 5; of ten each pair is one. A better score never has a lower level.
-#}
{% macro score_level(score, score_count) -%}
    cast(ceil(5 * (2 * {{ score }} - 1) / (2 * {{ score_count }})) as integer)
{%- endmacro %}
