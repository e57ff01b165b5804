{#-
    dbt-duckdb's statement of a new table. A model with `bytes_per_customer_and_date` in its `meta`
    is computed for some customers after the others where all at once don't fit into memory, in one
    transaction. A project's macro comes before those of the adapter for Spark, which has its own.
-#}
{% macro duckdb__create_table_as(
    temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none
) -%}
    {%- if target.type != 'duckdb' -%}
        {{ return(
            dbt.sparkconnect__create_table_as(temporary, relation, compiled_code, language)
        ) }}
    {%- endif -%}
    {%- set bytes = config.get('meta', {}).get('bytes_per_customer_and_date') -%}
    {%- set parts = parts_of_history(bytes) if bytes else ['true'] -%}
    {%- set first = statement_of_part(compiled_code, parts[0]) if bytes else compiled_code -%}
    {{ dbt.duckdb__create_table_as(
        temporary, relation, first, language, partitioned_by, sorted_by
    ) }}
    {{ inserts_of_other_parts(relation, compiled_code, parts) }}
{%- endmacro %}
