{#-
    A table that earlier builds left in a schema (see `schema_of`), or none. Not a ref: what a build
    fits depends on what is stored already, and what it fits is stored in the same table, which dbt
    would call a circle.
-#}
{% macro existing_relation(schema, name) -%}
    {{ return(
        adapter.get_relation(database=target.database, schema=schema, identifier=name)
        if execute else none
    ) }}
{%- endmacro %}
