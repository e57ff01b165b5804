{#-
    SQL: withdraws what `ingest_watermark` says, where rows are read anew: a build that is cut off before it is written again leaves numbers of
    rows that mean others. Runs in the transaction that makes the table of rows.
-#}
{% macro delete_ingest_watermark() -%}
    {%- set taken = existing_relation('staging', 'ingest_watermark') -%}
    {%- if taken and last_ingested_row() is none -%}
        delete from {{ taken }}
    {%- endif -%}
{%- endmacro %}
