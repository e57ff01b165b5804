{#-
    SQL: withdraws what `input_taken` says, where rows are read anew: a build that is cut off before it is written again leaves numbers of
    rows that mean others. Runs in the transaction that makes the table of rows.
-#}
{% macro forget_what_was_taken() -%}
    {%- set taken = stored_table('staging', 'input_taken') -%}
    {%- if taken and last_row_taken() is none -%}
        delete from {{ taken }}
    {%- endif -%}
{%- endmacro %}
