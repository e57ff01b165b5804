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
    {%- if not stored_versions() -%}
        {{ exceptions.raise_compiler_error(
            "The warehouse has no fitted version to export. Run 'dbt build' first."
        ) }}
    {%- endif -%}
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
    {%- set request = {'folder': folder, 'tables': columns, 'stored': stored_versions()} -%}
    {%- set members = nodes['campaign_members'] -%}
    {%- set stored_members = existing_relation(members.schema, members.name) -%}
    {%- if stored_members -%}
        {{- make_readable_by_python([stored_members]) -}}
        {%- do request.update({'members': [members.schema, members.name]}) -%}
    {%- endif -%}
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


{#- What the warehouse's versions are known by, as `IDENTITY` in shop_toolkit/versions.py. -#}
{% macro stored_versions() -%}
    {%- set stored = existing_relation(schema_of('core'), 'model_versions') -%}
    {%- set versions = [] -%}
    {%- if stored -%}
        {%- set texts = [
            'cause', 'anchor_invoice_id', 'anchor_customer_id', 'anchor_order_date',
            'baseline_date', 'settings', 'customers_fitted',
        ] -%}
        {%- set columns = [] -%}
        {%- for name in texts -%}
            {%- do columns.append('cast(' ~ name ~ ' as varchar) as ' ~ name) -%}
        {%- endfor -%}
        {%- set rows = run_query(
            'select cast(model_version as varchar) as model_version, ' ~ columns | join(', ')
            ~ ' from ' ~ stored ~ ' order by 1'
        ).rows -%}
        {%- for row in rows -%}
            {%- set version = {'model_version': row.model_version | int} -%}
            {%- for name in texts -%}
                {%- do version.update({name: row[name]}) -%}
            {%- endfor -%}
            {%- do versions.append(version) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(versions) }}
{%- endmacro %}
