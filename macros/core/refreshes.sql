{#-
    Whether this run fits nothing and uses what is stored: the selector `refresh`, or any choice of
    models that holds none of those that a fit begins with.
-#}
{% macro is_refresh() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- for name in ['rfm_cut_points', 'int_fit_population', 'int_catalogue'] -%}
            {%- if all_selected([name]) -%}
                {{ return(false) }}
            {%- endif -%}
        {%- endfor -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}


{#- Whether a refresh reaches the models that need stored rules. -#}
{% macro uses_stored_rules() -%}
    {{ return(
        is_refresh()
        and (all_selected(['model_versions']) or all_selected(['int_snapshot_dates']))
    ) }}
{%- endmacro %}


{#-
    Stops a refresh, before any table changes, where it would read what no full build has left: in
    an empty warehouse, after a first build that was cut off, and where the settings ask for rules
    that were never fitted.
-#}
{% macro validate_refresh() -%}
    {%- if uses_stored_rules() -%}
        {%- set missing = [] -%}
        {%- for id in selected_resources if id.startswith('model.') -%}
            {%- for parent_id in graph.nodes[id].depends_on.nodes -%}
                {%- set parent = graph.nodes.get(parent_id) -%}
                {%- if parent_id in graph.nodes and parent_id not in selected_resources
                    and not existing_relation(parent.schema, parent.name) -%}
                    {%- do missing.append(parent.name) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set rules = existing_relation(schema_of('segmentation'), 'int_segment_rules') -%}
        {%- if var('baseline_date') is not none and not rules -%}
            {%- do missing.append('int_segment_rules') -%}
        {%- endif -%}
        {%- if missing -%}
            {{ exceptions.raise_compiler_error(
                "This run fits nothing and uses what a full build has left, but the warehouse "
                ~ "lacks " ~ (missing | unique | sort | join(', ')) ~ ". Run 'dbt build' first."
            ) }}
        {%- elif var('baseline_date') is not none and not single_value(
            'select count(*) from ' ~ rules
            ~ ' where baseline_date = ' ~ date_setting('baseline_date')
        ) -%}
            {{ exceptions.raise_compiler_error(
                "The setting 'baseline_date' is " ~ var('baseline_date') ~ ", but no rules were "
                ~ "fitted at that day, and this run fits nothing. Run 'dbt build' with it first, "
                ~ "or leave it out."
            ) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#-
    Logs which version a refresh uses. Raises a sentence where none is of this log, before any
    customer's table changes: without an active version customers would lose their segments, and the
    history would be deleted.
-#}
{% macro validate_stored_rules(report=false) -%}
    {%- if is_refresh() -%}
        {%- set version = single_value(
            'with known_versions as (' ~ known_versions() ~ '), own_versions as ('
            ~ versions_of_this_shop('known_versions') ~ ') select max(model_version) '
            ~ 'from own_versions where is_usable and model_version in (' ~ whole_versions() ~ ')'
        ) -%}
        {%- if version is none -%}
            {{ exceptions.raise_compiler_error(
                "No stored rules were fitted on this log: it is another shop's, or it no longer "
                ~ "reaches back to the day that they were fitted on. This run fits nothing; run "
                ~ "'dbt build'. Until then lines and orders are those of this log, and everything "
                ~ "about customers is as the last full build left it."
            ) }}
        {%- elif report -%}
            {%- do log(
                "Nothing is fitted: segments are by the stored rules of version " ~ version ~ "."
                ~ (" The setting 'refit' waits for a full build." if var('refit') else ""),
                info=true
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
