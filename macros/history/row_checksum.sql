{#-
    SQL: a number of 59 bits that stands for the values of these columns: 16 of them add up within
    64 bits. Sums of such numbers over all rows are equal where the rows are, in whatever
    order; that they are equal where rows differ has a chance of one in 10^17.
-#}
{% macro row_checksum() -%}
    cast(hash({{ varargs | join(', ') }}) % 576460752303423488 as bigint)
{%- endmacro %}
