{#-
    A table that earlier builds left, or none; see `schema_of`. Not a ref: what a build fits depends on what is
    stored already, and what it fits is stored in the same table, which dbt would call a circle.
-#}
{% macro existing_relation(schema, name) -%}
    {{ return(
        adapter.get_relation(database=target.database, schema=schema, identifier=name)
        if execute else none
    ) }}
{%- endmacro %}
