{#-
    dbt only counts the rows of a test that warns. This logs the sentences in their column
    `warning`.
-#}
{% macro log_warnings(results) -%}
    {%- if execute -%}
        {%- for result in results
            if result.status == 'warn' and result.node.resource_type == 'test' -%}
            {%- set rows = run_query(result.node.compiled_code) -%}
            {%- if 'warning' in rows.column_names -%}
                {%- for row in rows.rows -%}
                    {%- do exceptions.warn(row['warning']) -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}


{#-
    Logs the rows of `input_warnings` at the end of a run that built it: a doubt about the input is
    the last thing that a build says.
-#}
{% macro log_input_warnings(results) -%}
    {%- set model_id = 'model.' ~ this_package() ~ '.input_warnings' -%}
    {%- for result in results
        if result.node.unique_id == model_id and result.status == 'success' -%}
        {%- set warnings = existing_relation(result.node.schema, 'input_warnings') -%}
        {%- set sentences -%}
            select
                concat(
                    'Input: ', replace(kind, '_', ' '), ' in ' || column_name,
                    ', ' || row_count || case when row_count = 1 then ' row' else ' rows' end,
                    ' worth ' || amount,
                    ' (' || nullif(example, '') || ')', '. ', suggestion
                ) as sentence
            from {{ warnings }}
            order by
                amount desc nulls last, row_count desc nulls last, kind, column_name, example
        {%- endset -%}
        {%- for row in run_query(sentences).rows -%}
            {%- do log(row.sentence, info=true) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
