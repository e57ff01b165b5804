{#-
    SQL: a number that stands for the values of these columns. Sums of such numbers are equal where
    the rows are, in whatever order; where rows differ, sums do all the same but for one time in two
    thousand million.
-#}
{% macro row_checksum() -%}
    cast(hash({{ varargs | join(', ') }}) % 2147483648 as bigint)
{%- endmacro %}
