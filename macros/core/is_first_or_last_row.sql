{#-
    SQL: whether a row of the input is one of the first or of the last ones. They show what a log is
    like, whatever it holds.
-#}
{% macro is_first_or_last_row(input_row, last_row) -%}
    {%- set sampled_rows = 30000 -%}
    (
        {{ input_row }} <= {{ sampled_rows }}
        or {{ input_row }} > {{ last_row }} - {{ sampled_rows }}
    )
{%- endmacro %}
