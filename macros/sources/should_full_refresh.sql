{#-
    dbt asks this of every incremental model. Ours are also built whole where rows of earlier builds
    no longer hold, because a setting, a heading, a code or the plausible days changed: exactly as
    with --full-refresh, but only the models that depend on the input's rows.
-#}
{% macro should_full_refresh() -%}
    {%- set configured = config.get('full_refresh') -%}
    {%- if configured is not none -%}
        {{ return(configured) }}
    {%- endif -%}
    {{ return(flags.FULL_REFRESH or has_outdated_rows()) }}
{%- endmacro %}


{% macro has_outdated_rows() -%}
    {%- set parents = (model.depends_on or {}).get('nodes', []) if execute else [] -%}
    {%- if ingest_parents() | select('in', parents) | list -%}
        {%- set plan = existing_relation('sources', 'ingest_plan') -%}
        {%- set query = 'select coalesce(bool_or(is_full_reload), false) from ' ~ plan -%}
        {%- if plan is not none and single_value(query) -%}
            {{ return(true) }}
        {%- elif model.name == 'int_transactions_flagged' -%}
            {{ return(has_outdated_dates()) }}
        {%- endif -%}
        {{ return(is_watermark_withdrawn()) }}
    {%- elif 'source.' ~ project_name ~ '.shop.input_profile' in parents -%}
        {%- set profile = existing_relation('sources', 'input_profile') -%}
        {{ return(profile is not none and single_value('select is_full_read from ' ~ profile)) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}


{#-
    Whether a model of this run was built whole after the plan was made: the flags are, where the
    plausible days changed. It then withdrew the watermark, and what comes after it is built whole,
    too.
-#}
{% macro is_watermark_withdrawn() -%}
    {%- set watermark = existing_relation('sources', 'ingest_watermark') -%}
    {%- set query = 'select count(*) = 0 from ' ~ watermark -%}
    {{ return(watermark is not none and single_value(query)) }}
{%- endmacro %}


{#-
    The models that mark new rows: an incremental model that depends on one of them
    processes the input's rows.
-#}
{% macro ingest_parents() -%}
    {%- set prefix = 'model.' ~ project_name ~ '.' -%}
    {{ return([prefix ~ 'ingest_plan', prefix ~ 'int_changed_lines']) }}
{%- endmacro %}
