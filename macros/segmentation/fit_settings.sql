{#-
    JSON text of the settings that a fit depends on: stored with what was fitted, and compared with
    those of later builds.
-#}
{% macro fit_settings() -%}
    {%- set settings = {} -%}
    {%- for name in [
        'backtest_origins', 'bootstrap_samples', 'category_bootstrap_samples',
        'force_broad_clustering', 'force_detailed_clustering', 'max_broad_rules', 'max_clusters',
        'max_detailed_rules', 'max_fit_customers', 'max_fit_products', 'max_training_customers',
        'min_segment_share', 'min_stability', 'rule_folds', 'silhouette_tolerance',
        'tsne_iterations',
    ] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {#- Versions of before these settings have none of them. -#}
    {%- for name in ['rfm_cut_points', 'score_within'] + exclusion_reasons() | list
        if setting(name) is not none -%}
        {%- do settings.update({name: setting(name)}) -%}
    {%- endfor -%}
    {#- Grids are long: a fingerprint replaces them. -#}
    {%- for name in ['spend_param_grids', 'classification_param_grids'] -%}
        {%- do settings.update({name: local_md5(tojson(var(name), sort_keys=true))[:8]}) -%}
    {%- endfor -%}
    {{ return(settings | tojson) }}
{%- endmacro %}


{#-
    SQL: one row, `settings`: those of `fit_settings`, with a fingerprint of the seeds that a fit
    depends on.
-#}
{% macro fit_settings_with_seeds() -%}
    select
        concat(
            {{ sql_text(fit_settings()[:-1]) }},
            ', "seeds": "', left(md5(string_agg(content, '' order by seed)), 8), '"}'
        ) as settings
    from (
        select
            1 as seed,
            string_agg(
                concat_ws(',', space, segmentation, fewest_clusters, most_clusters), ';'
                order by space
            ) as content
        from {{ ref('cluster_levels') }}

        union all

        select
            2 as seed,
            string_agg(
                concat_ws(
                    ',', segmentation, persona, recency, frequency, monetary,
                    {% for condition in ['orders', 'absence', 'tenure', 'spend'] %}
                    coalesce({{ condition }}_min, -1), coalesce({{ condition }}_max, -1)
                    {{- ',' if not loop.last }}
                    {% endfor %}
                ), ';'
                order by segmentation, persona
            ) as content
        from {{ ref('persona_prototypes') }}
    ) as seeds
{%- endmacro %}
