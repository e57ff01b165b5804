{#-
    The last row of the input that a table of rows holds, as a number; 0 where it is empty. A query
    that compares with a number reads the rows behind it alone: with a subquery in its place,
    staging types all rows before it compares.
-#}
{% macro last_input_row(rows) -%}
    {{ return(single_value('select coalesce(max(input_row), 0) from ' ~ rows)) }}
{%- endmacro %}
