{#-
    SQL: whether an incremental build recomputes a row of `table` (a name or an alias; none where
    there is only one): it is a row of a customer who has new lines. True for every row where the
    model is built whole.
-#}
{% macro is_changed(table=none) -%}
    {%- set changed_lines = ref('int_changed_lines') -%}
    {%- if is_incremental() -%}
        {{ table ~ '.' if table }}customer_id in (
            select changed_lines.customer_id
            from {{ changed_lines }} as changed_lines
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
