{#-
    The lines that a model reads: those of changed customers in an incremental build, else all of
    them.
-#}
{% macro lines_to_process() -%}
    {#-
        The model depends on both, because it reads one of them in one build and the other in the
        next.
    -#}
    {%- set all_lines = ref('int_transactions_flagged') -%}
    {%- set changed_lines = ref('int_changed_lines') -%}
    {{ return(changed_lines if is_incremental() else all_lines) }}
{%- endmacro %}
