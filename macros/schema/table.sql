{#-
    dbt's materialization of a table in fewer steps. dbt-duckdb renames the old table, then the new
    one, and drops the old one after the commit. For each of these it prepares all macros again,
    which takes longer than most of our queries. Here the new table replaces the old one in the same
    transaction and mostly in the same statement, so readers see one or the other. Until then it has
    a name of its own, as a registry reads the rows that it stores. A foreign key would not survive
    the renaming; no table has one.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set kind_before = existing.type if existing is not none else 'table' -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set built = make_intermediate_relation(target_relation) -%}
    {%- set replace -%}
        drop {{ kind_before }} if exists {{ target_relation }};
        alter table {{ built }} rename to {{ adapter.quote(target_relation.identifier) }};
    {%- endset -%}

    {#-
        What a killed build left: a Python model writes through a connection of its own, and
        dbt-duckdb's own materialization gives the old table another name.
    -#}
    {{ drop_relation_if_exists(load_cached_relation(built)) }}
    {%- set backup = make_backup_relation(target_relation, 'table') -%}
    {{ drop_relation_if_exists(load_cached_relation(backup)) }}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {{ run_hooks(pre_hooks, inside_transaction=true) }}
    {%- if language == 'python' -%}
        {%- call statement('main', language='python') -%}
            {{- create_table_as(false, built, compiled_code, language) }}
        {%- endcall -%}
        {%- call statement('replace') -%} {{ replace }} {%- endcall -%}
    {%- else -%}
        {%- call statement('main') -%}
            {{ create_table_as(false, built, compiled_code, language) }}
            {{ replace }}
        {%- endcall -%}
    {%- endif -%}

    {%- if existing is not none and not existing.is_table -%}
        {%- do adapter.cache_dropped(existing) -%}
    {%- endif -%}

    {%- do create_indexes(target_relation) -%}
    {{ run_hooks(post_hooks, inside_transaction=true) }}
    {%- do apply_grants(
        target_relation,
        config.get('grants'),
        should_revoke=should_revoke(existing, full_refresh_mode=true)
    ) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=false) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
