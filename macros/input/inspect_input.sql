{#-
    dbt run-operation inspect_input: logs how a build would read the input, and why, without
    building anything. `make inspect` reports the same without the start of dbt.
-#}
{% macro inspect_input() -%}
    {%- do validate_settings() -%}
    {%- set arguments = [
        sql_text(tojson(input_request())), sql_text(clean_identifier('identifier_text'))
    ] -%}
    {%- set query = 'select inspect_input(' ~ (arguments | join(', ')) ~ ')' -%}
    {%- set answer = fromjson(single_value(query)) -%}
    {%- if answer.problem -%}
        {{ exceptions.raise_compiler_error(answer.problem) }}
    {%- endif -%}
    {%- for message in answer.messages -%}
        {%- do log(message, info=true) -%}
    {%- endfor -%}
{%- endmacro %}
