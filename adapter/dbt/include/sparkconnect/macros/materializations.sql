{#-
    Tables, views and increments on an engine without transactions. Every statement here is
    DuckDB's SQL as far as the query of the model goes; the connection translates it.
-#}
{% materialization table, adapter='sparkconnect', supported_languages=['sql', 'python'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% do drop_other_kind(target_relation) %}
    {{ run_all_hooks(pre_hooks) }}
    {% call statement('main', language=model['language']) -%}
        {{ create_table_as(false, target_relation, compiled_code, model['language']) }}
    {%- endcall %}
    {{ run_all_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization view, adapter='sparkconnect' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {% do drop_other_kind(target_relation) %}
    {{ run_all_hooks(pre_hooks) }}
    {% call statement('main') -%}
        create or replace view {{ target_relation }} as {{ query_of_model(compiled_code) }}
    {%- endcall %}
    {{ run_all_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% materialization incremental, adapter='sparkconnect', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% do drop_other_kind(target_relation) %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set is_first = existing_relation is none or language == 'python' -%}
    {%- set is_whole = is_first or should_full_refresh() -%}
    {{ run_all_hooks(pre_hooks) }}
    {% if is_whole %}
        {% call statement('main', language=language) -%}
            {{ create_table_as(false, target_relation, compiled_code, language) }}
        {%- endcall %}
    {% else %}
        {% do adapter.add_rows(
            target_relation,
            query_of_model(compiled_code),
            config.get('unique_key'),
            config.get('on_schema_change') or 'ignore',
            config.get('full_refresh'),
        ) %}
        {% call noop_statement('main', 'OK', 'OK', 0) %}{{ compiled_code }}{% endcall %}
    {% endif %}
    {{ run_all_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#- Hooks in their order: there are no transactions that one could be outside of. -#}
{% macro run_all_hooks(hooks) %}
    {{ run_hooks(hooks, inside_transaction=false) }}
    {{ run_hooks(hooks, inside_transaction=true) }}
{% endmacro %}


{#-
    Drops a view where a table will be, or a table where a view will be: Sail keeps both, and reads
    the table.
-#}
{% macro drop_other_kind(target_relation) %}
    {%- set existing_relation = load_cached_relation(target_relation) -%}
    {%- if existing_relation is not none and existing_relation.type != target_relation.type -%}
        {% do adapter.drop_relation(existing_relation) %}
    {%- endif -%}
{% endmacro %}


{% macro sparkconnect__create_table_as(
    temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none
) -%}
    {%- if language == 'python' -%}
        {#- Beside the rows that are stored, which the model may read by its own name. -#}
        {%- set name = relation.identifier ~ '__fitted' -%}
        {%- set fitted = relation.incorporate(path={'identifier': name}) -%}
        {{ py_write_table(temporary=false, relation=fitted, compiled_code=compiled_code) }}
    {%- else -%}
        create or replace table {{ relation }} as {{ query_of_model(compiled_code) }}
    {%- endif -%}
{%- endmacro %}


{#-
    SQL: the query of a model; under a contract, with the columns and types that it promises. The
    comment before it is where its lines are counted from (`BEGIN_OF_QUERY` in translation.py).
-#}
{% macro query_of_model(compiled_code) -%}
    {%- if config.get('contract') and config.get('contract').enforced -%}
        select
            {%- for column in model['columns'].values() %}
            cast({{ column.name }} as {{ column.data_type }}) as {{ column.name }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from (
            /* query of the model */{{ compiled_code }}
        ) as query_of_model
    {%- else -%}
        /* query of the model */{{ compiled_code }}
    {%- endif -%}
{%- endmacro %}


{#- There are no temporary tables: what a unit test has to make is beside the model. -#}
{% macro sparkconnect__make_temp_relation(base_relation, suffix='__temporary') -%}
    {%- set path = {'identifier': base_relation.identifier ~ suffix} -%}
    {{ return(base_relation.incorporate(path=path, type='table')) }}
{%- endmacro %}


{#-
    Doubles of a unit test are compared to nine places, as their last digits depend on the order in
    which an engine adds them.
-#}
{% macro sparkconnect__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {#- What the materialization made to learn the types of columns. -#}
    {%- set made = make_temp_relation(this.incorporate(type='table')) -%}
    {%- set doubles = [] -%}
    {%- for column in adapter.get_columns_in_relation(made) if column.dtype == 'DOUBLE' -%}
        {%- do doubles.append(column.quoted) -%}
    {%- endfor -%}
    {%- set columns = [] -%}
    {%- for name in expected_column_names -%}
        {%- do columns.append('round(' ~ name ~ ', 9) as ' ~ name if name in doubles else name) -%}
    {%- endfor -%}
    {%- set selected = 'select ' ~ columns | join(', ') ~ ' from (' -%}
    {{ default__get_unit_test_sql(
        selected ~ main_sql ~ ') as actual_rows',
        selected ~ expected_fixture_sql ~ ') as expected_rows',
        expected_column_names,
    ) }}
{%- endmacro %}


{#- A seed is read on the driver, by DuckDB's types, and stored on the engine. -#}
{% macro sparkconnect__create_csv_table(model, agate_table) %}
    {%- set overrides = model['config'].get('column_types', {}) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set inferred = adapter.convert_type(agate_table, loop.index0) -%}
        {%- do columns.append(adapter.quote(name) ~ ' ' ~ overrides.get(name, inferred)) -%}
    {%- endfor -%}
    {%- do adapter.load_seed(
        this, adapter.get_seed_file_path(model), columns | join(', '), config.get('delimiter', ',')
    ) -%}
    {{ return('') }}
{% endmacro %}


{% macro sparkconnect__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {{ return(create_csv_table(model, agate_table)) }}
{% endmacro %}


{% macro sparkconnect__load_csv_rows(model, agate_table) %}
    {{ return('') }}
{% endmacro %}


{% macro sparkconnect__create_schema(relation) -%}
    {% do adapter.make_schema(relation) %}
{%- endmacro %}


{#- Tables that the Python model of this hook reads by SQL, on the driver until it ends. -#}
{% macro sparkconnect__make_readable_by_python(relations) -%}
    {%- for relation in relations -%}
        {%- do adapter.copy_to_driver(relation) -%}
    {%- endfor -%}
{%- endmacro %}
