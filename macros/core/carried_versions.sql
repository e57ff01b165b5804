{#-
    dbt run-operation export_versions: writes all that was fitted, of all versions, to Parquet files
    with a manifest, in warehouse/versions or the folder of --args '{folder: …}'. Another warehouse
    imports them, on DuckDB or on Spark, and scores the same log by the same rules
    (python_models/shop_toolkit/versions.py).
-#}
{% macro export_versions(folder='warehouse/versions') -%}
    {%- set tables = [] -%}
    {%- set relations = [] -%}
    {%- for node in registries() -%}
        {%- set relation = existing_relation(node.schema, node.name) -%}
        {%- if relation -%}
            {%- do relations.append(relation) -%}
            {%- do tables.append([node.schema, node.name]) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- make_readable_by_python(relations) -}}
    {%- set answer = carried_versions(
        'export_versions', {'folder': folder, 'tables': tables}
    ) -%}
    {%- do log(answer.message, info=true) -%}
{%- endmacro %}


{#-
    dbt run-operation import_versions: takes over what another warehouse exported. The next build
    fits nothing where the log is the same.
-#}
{% macro import_versions(folder='warehouse/versions') -%}
    {%- set nodes = {} -%}
    {%- set columns = {} -%}
    {%- for node in registries() -%}
        {%- do nodes.update({node.name: node}) -%}
        {%- do columns.update({node.name: node.columns.keys() | list}) -%}
    {%- endfor -%}
    {%- set request = {'folder': folder, 'tables': columns} -%}
    {%- for key, name in [('stored', 'model_versions'), ('members', 'campaign_members')] -%}
        {%- set table = existing_relation(nodes[name].schema, name) -%}
        {%- if table -%}
            {{- make_readable_by_python([table]) -}}
            {%- do request.update({key: [nodes[name].schema, name]}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set answer = carried_versions('import_versions', request) -%}
    {#-
        Versions first and rules last: an import that is cut off leaves versions without rules,
        which the next build leaves behind as it does those of a build that was cut off.
    -#}
    {%- set first, last = ['model_versions'], ['cluster_rules'] -%}
    {%- set between = answer.tables | reject('in', first + last) | list -%}
    {%- for name in first + between + last if name in answer.tables -%}
        {%- set node = nodes[name] -%}
        {%- do adapter.create_schema(api.Relation.create(
            database=target.database, schema=node.schema
        )) -%}
        {%- do run_query(
            'create or replace table "' ~ node.schema ~ '"."' ~ name ~ '" as select * from '
            ~ answer.schema ~ '."' ~ name ~ '"'
        ) -%}
    {%- endfor -%}
    {%- for name in answer.tables -%}
        {%- do run_query('drop table ' ~ answer.schema ~ '."' ~ name ~ '"') -%}
    {%- endfor -%}
    {%- do run_query('drop schema if exists ' ~ answer.schema ~ ' cascade') -%}
    {%- do log(answer.message, info=true) -%}
{%- endmacro %}


{#- What one of the two functions answers; its sentence stops the command. -#}
{% macro carried_versions(function, request) -%}
    {%- set query = 'select ' ~ function ~ '(' ~ sql_text(tojson(request)) ~ ')' -%}
    {%- set answer = fromjson(single_value(query)) -%}
    {%- if answer.problem -%}
        {{ exceptions.raise_compiler_error(answer.problem) }}
    {%- endif -%}
    {{ return(answer) }}
{%- endmacro %}


{#-
    The nodes of tables that keep what was fitted or decided, version by version: models that no
    full refresh drops, fits in Python, and the list of versions.
-#}
{% macro registries() -%}
    {%- set nodes = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.package_name == this_package()
        and 'model_version' in node.columns
        and (
            node.name == 'model_versions'
            or node.config.full_refresh is sameas false
            or node.language == 'python'
        ) -%}
        {%- do nodes.append(node) -%}
    {%- endfor -%}
    {{ return(nodes | sort(attribute='name')) }}
{%- endmacro %}
