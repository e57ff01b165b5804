{#-
    SQL: whether a row of the input is new since the watermark. True for every row where the model
    is built whole.
-#}
{% macro is_new_row() -%}
    {%- set ingest_plan = ref('ingest_plan') -%}
    {%- if is_incremental() -%}
        input_row > (select ingest_plan.last_row from {{ ingest_plan }} as ingest_plan)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
