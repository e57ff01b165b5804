{#- JSON text of the settings that a fit depends on: stored with what was fitted, and compared with those of later builds. -#}
{% macro fit_settings() -%}
    {%- set settings = {} -%}
    {%- for name in [
        'bootstrap_refits', 'broad_clustering', 'catalogue_limit', 'category_refits', 'detailed_clustering', 'least_stability',
        'maximum_rules', 'sample_limit', 'silhouette_band', 'smallest_segment_share',
    ] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(settings | tojson) }}
{%- endmacro %}
