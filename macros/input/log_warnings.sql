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
