{#- Where a build that adds to the rows up to `last_row` finds the lines that it tells of: among those that are touched, else among all. -#}
{% macro lines_to_process(last_row) -%}
    {#- Both are asked for, as the model reads one of them in one build and the other in the next. -#}
    {%- set all_lines = ref('int_transactions_flagged') -%}
    {%- set lines_touched = ref('int_changed_lines') -%}
    {{ return(all_lines if last_row is none else lines_touched) }}
{%- endmacro %}
