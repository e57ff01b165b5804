{#-
    SQL: which samples share a baseline and a confidence threshold: newcomers with as many orders.
    Interests have one baseline and one threshold for all, newcomers or not.
-#}
{% macro cohort_key(samples=none) -%}
    {%- set of = samples ~ '.' if samples else '' -%}
    case when {{ of }}task = 'interest' then 'all' else {{ of }}cohort end
{%- endmacro %}
