{#- JSON text of the settings that a fit depends on: stored with what was fitted, and compared with those of later builds. -#}
{% macro fit_settings() -%}
    {%- set settings = {} -%}
    {%- for name in [
        'bootstrap_refits', 'broad_clustering', 'catalogue_limit', 'category_refits', 'detailed_clustering', 'least_stability',
        'maximum_rules', 'rolling_origins', 'sample_limit', 'silhouette_band', 'smallest_segment_share', 'training_limit',
    ] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {#- Grids are long: a fingerprint stands for them. -#}
    {%- for name in ['spend_grids', 'class_grids'] -%}
        {%- do settings.update({name: local_md5(tojson(var(name), sort_keys=true))[:8]}) -%}
    {%- endfor -%}
    {{ return(settings | tojson) }}
{%- endmacro %}
