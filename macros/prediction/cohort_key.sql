{#-
    SQL: which frames are taken together for a naive guess and for a threshold: newcomers with as many orders. What a customer's
    interest will be is guessed the same for all, and told as surely of newcomers as of others.
-#}
{% macro cohort_key(frames=none) -%}
    {%- set of = frames ~ '.' if frames else '' -%}
    case when {{ of }}task = 'interest' then 'all' else {{ of }}peers end
{%- endmacro %}
