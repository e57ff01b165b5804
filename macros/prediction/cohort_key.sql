{#-
    SQL: which samples share a baseline: newcomers with as many orders. Interests have one baseline
    for all, newcomers or not.
-#}
{% macro cohort_key(samples=none) -%}
    {%- set of = samples ~ '.' if samples else '' -%}
    case when {{ of }}task = 'interest' then 'all' else {{ of }}cohort end
{%- endmacro %}
