{#- JSON text of the settings that a fit depends on: stored with what was fitted, and compared with those of later builds. -#}
{% macro fit_settings() -%}
    {%- set settings = {} -%}
    {%- for name in [
        'bootstrap_samples', 'force_broad_clustering', 'max_fit_products', 'category_bootstrap_samples', 'force_detailed_clustering', 'min_stability',
        'max_rules', 'backtest_origins', 'max_fit_customers', 'silhouette_tolerance', 'min_segment_share', 'max_training_customers',
    ] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {#- Grids are long: a fingerprint stands for them. -#}
    {%- for name in ['spend_param_grids', 'classification_param_grids'] -%}
        {%- do settings.update({name: local_md5(tojson(var(name), sort_keys=true))[:8]}) -%}
    {%- endfor -%}
    {{ return(settings | tojson) }}
{%- endmacro %}
