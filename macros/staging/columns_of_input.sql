{#- Which of our columns the input has; a model may then ask for a value in each row of it. -#}
{% macro columns_of_input() -%}
    {{ return(transactions_input().columns.keys() | list if execute else []) }}
{%- endmacro %}
