{#-
    Whether this run fits nothing and uses the rules that are stored: the selector `refresh`, or any choice of models without the
    cut-points, with which every fit begins.
-#}
{% macro is_refresh() -%}
    {{ return(execute and flags.WHICH in ['build', 'run'] and not all_selected(['rfm_cut_points'])) }}
{%- endmacro %}


{#- Whether a refresh reaches the models that need stored rules. -#}
{% macro uses_stored_rules() -%}
    {{ return(
        is_refresh() and (all_selected(['int_active_version']) or all_selected(['int_history_versions']))
    ) }}
{%- endmacro %}


{#-
    Stops a refresh, before any table changes, where it would read what no full build has left: in an empty warehouse, after a first
    build that was cut off, and where the settings ask for rules that were never fitted.
-#}
{% macro validate_refresh() -%}
    {%- if uses_stored_rules() -%}
        {%- set missing = [] -%}
        {%- for id in selected_resources if id.startswith('model.') -%}
            {%- for parent_id in graph.nodes[id].depends_on.nodes
                if parent_id not in selected_resources and parent_id in graph.nodes -%}
                {%- set parent = graph.nodes[parent_id] -%}
                {%- if not existing_relation(parent.schema, parent.name) -%}
                    {%- do missing.append(parent.name) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- if missing -%}
            {{ exceptions.raise_compiler_error(
                "This run fits nothing and uses what a full build has left, but the warehouse lacks "
                ~ (missing | unique | sort | join(', ')) ~ ". Run 'dbt build' first."
            ) }}
        {%- elif var('baseline_date') is not none and not single_value(
            'select count(*) from ' ~ existing_relation(target.schema, 'segment_rules')
            ~ ' where baseline_date = ' ~ date_setting('baseline_date')
        ) -%}
            {{ exceptions.raise_compiler_error(
                "The setting 'baseline_date' is " ~ var('baseline_date') ~ ", but no rules were fitted at that day, and this run fits "
                ~ "nothing. Run 'dbt build' with it first, or leave it out."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#-
    Says which rules a refresh uses, and stops it before any customer's table changes where none are this log's: as no version would be
    in use, customers would lose their segments, and what was told of the past would be forgotten.
-#}
{% macro validate_stored_rules(say=false) -%}
    {%- if is_refresh() -%}
        {%- set version = single_value(
            'with model_versions as (select * from ' ~ ref('model_versions') ~ '), own_versions as ('
            ~ versions_of_this_shop('model_versions') ~ ') select max(model_version) from own_versions where is_usable'
            ~ ' and model_version in ' ~ versions_with_rules()
        ) -%}
        {%- if version is none -%}
            {{ exceptions.raise_compiler_error(
                "No stored rules were fitted on this log: it is another shop's, or it no longer reaches back to the day that they were "
                ~ "fitted on. This run fits nothing; run 'dbt build'. Until then lines and orders are those of this log, and "
                ~ "all that is said of customers is what was said before."
            ) }}
        {%- elif say -%}
            {%- do log(
                "Nothing is fitted: segments are by the stored rules of version " ~ version ~ "."
                ~ (" The setting 'refit' waits for a full build." if var('refit') else ""), info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- SQL: versions of which a build stored all, as the rules come last. Not a ref: rules are fitted with the version in use. -#}
{% macro versions_with_rules() -%}
    (select rules.model_version from {{ existing_relation(target.schema, 'segment_rules') }} as rules)
{%- endmacro %}
