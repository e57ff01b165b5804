{#-
    A stage's tables are in a schema of the stage's name; marts are in the target's own, where BI
    tools look first.
-#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ schema_of(custom_schema_name | trim if custom_schema_name else none) }}
{%- endmacro %}


{#-
    The schema of a stage, or that of the marts without one. With the setting `schema_prefix` the
    marts are in the schema that it names, and the stages in schemas that begin with it: for a
    warehouse that others use, too.
-#}
{% macro schema_of(stage=none) -%}
    {%- set prefix = var('schema_prefix') -%}
    {%- if stage is none -%}
        {{ return(prefix or target.schema) }}
    {%- endif -%}
    {{ return(prefix ~ '_' ~ stage if prefix else stage) }}
{%- endmacro %}
