{#-
    SQL: moves the watermark to the last row, at the end of a run in which every model that
    processes the input's rows succeeded. The graph lists them. After any other run (of a
    part, with a failure, cut off) the watermark stays, and the next build processes the rows since
    then again.
-#}
{% macro advance_ingest_watermark(results) -%}
    {%- set succeeded = [] -%}
    {%- for result in results if result.status == 'success' -%}
        {%- do succeeded.append(result.node.unique_id) -%}
    {%- endfor -%}
    {%- set missing = models_of_rows() | reject('in', succeeded) | list if execute else [none] -%}
    {%- if not missing -%}
        create or replace table {{ existing_relation(schema_of('sources'), 'ingest_watermark') }} as
        select
            plan.input_signature,
            plan.codes_fingerprint,
            cast(coalesce(rows.last_row, 0) as bigint) as last_row
        from {{ existing_relation(schema_of('sources'), 'ingest_plan') }} as plan
        cross join (
            select max(input_row) as last_row
            from {{ existing_relation(schema_of('staging'), 'base_transactions') }}
        ) as rows
    {%- endif -%}
{%- endmacro %}


{#-
    Ids of the models that process the input's rows: the tables that mark new rows, and what
    depends on them.
-#}
{% macro models_of_rows() -%}
    {%- set source_id = 'source.' ~ this_package() ~ '.shop.transactions' -%}
    {%- set ids = ingest_parents() -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.config.materialized == 'incremental' -%}
        {%- set parents = node.depends_on.nodes -%}
        {%- if source_id in parents or ingest_parents() | select('in', parents) | list -%}
            {%- do ids.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(ids) }}
{%- endmacro %}


{#-
    SQL: withdraws the watermark in the transaction that builds a table of rows whole. A build that
    is cut off after it leaves rows that later tables do not know yet; the next one then processes
    all of them.
-#}
{% macro delete_ingest_watermark() -%}
    {%- set watermark = source('state', 'ingest_watermark') -%}
    {%- if not is_incremental() -%}
        delete from {{ watermark }}
    {%- endif -%}
{%- endmacro %}
