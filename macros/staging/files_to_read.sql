{#- The files that a build reads which adds to the rows before `last_row`: those written since. All where nothing is added to. -#}
{% macro files_to_read(last_row) -%}
    {%- set files = ref('pending_files') -%}
    {%- set due = [] -%}
    {%- if execute -%}
        {%- for row in run_query('select file_name from ' ~ files ~ (' where is_due' if last_row is not none else '') ~ ' order by file_name') -%}
            {%- do due.append(row[0]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(due) }}
{%- endmacro %}
