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
    {%- if flags.FULL_REFRESH -%}
        {{ return(true) }}
    {%- elif not execute -%}
        {{ return(false) }}
    {%- endif -%}
    {#- A model asks at each `is_incremental()`. Each query takes as long as a small model. -#}
    {%- if 'has_outdated_rows' not in model -%}
        {%- do model.update({'has_outdated_rows': has_outdated_rows()}) -%}
    {%- endif -%}
    {{ return(model.has_outdated_rows) }}
{%- endmacro %}


{#-
    Whether rows of this model were made of an input that is read in another way now, or by a
    cleaning that has changed since.
-#}
{% macro has_outdated_rows() -%}
    {%- set parents = (model.depends_on or {}).get('nodes', []) if execute else [] -%}
    {%- if 'source.' ~ this_package() ~ '.shop.input_profile' in parents -%}
        {%- set profile = existing_relation(schema_of('sources'), 'input_profile') -%}
        {{ return(profile is not none and single_value('select is_full_read from ' ~ profile)) }}
    {%- elif ingest_parents() | select('in', parents) | list -%}
        {%- set asks_for_dates = model.name == 'int_transactions_flagged' -%}
        {%- set plan = existing_relation(schema_of('sources'), 'ingest_plan') -%}
        {%- set watermark = existing_relation(schema_of('sources'), 'ingest_watermark') -%}
        {#-
            A model of this run that was built whole after the plan was made has withdrawn the
            watermark: the flags, where the plausible days changed. What comes after it is built
            whole, too.
        -#}
        {%- set conditions = [] -%}
        {%- if plan is not none -%}
            {%- do conditions.append('(select bool_or(is_full_reload) from ' ~ plan ~ ')') -%}
        {%- endif -%}
        {%- if watermark is not none and not asks_for_dates -%}
            {%- do conditions.append('(select count(*) = 0 from ' ~ watermark ~ ')') -%}
        {%- endif -%}
        {%- if conditions
            and single_value('select coalesce(' ~ conditions | join(' or ') ~ ', false)') -%}
            {{ return(true) }}
        {%- endif -%}
        {{ return(asks_for_dates and has_outdated_dates()) }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}


{#-
    The models that mark new rows: an incremental model that depends on one of them
    processes the input's rows.
-#}
{% macro ingest_parents() -%}
    {%- set prefix = 'model.' ~ this_package() ~ '.' -%}
    {{ return([prefix ~ 'ingest_plan', prefix ~ 'int_changed_lines']) }}
{%- endmacro %}
