{#-
    A stage's tables are in a schema of the stage's name; marts are in the target's own, where BI
    tools look first.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
