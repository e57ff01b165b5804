{#-
    The table of evaluations that earlier builds left, or none. Not a ref: whether a backtest is due depends on what is stored
    already, and what it finds is stored in the same table, which dbt would call a circle.
-#}
{% macro stored_prediction_evaluations() -%}
    {{ return(
        adapter.get_relation(database=target.database, schema='prediction', identifier='prediction_evaluation_versions')
        if execute else none
    ) }}
{%- endmacro %}
