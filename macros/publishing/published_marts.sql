{#-
    The marts that readers get copies of: all but the list of these copies. A test compares them
    with the folder of marts.
-#}
{% macro published_marts() -%}
    {{ return([
        'audiences', 'campaign_members', 'campaign_results', 'cancellation_matches',
        'cancellations', 'cleaning_summary', 'cluster_candidates', 'cohorts', 'customer_alerts',
        'customer_interests', 'customers', 'input_warnings', 'interest_groups',
        'model_evaluations', 'new_customer_predictions', 'order_lines', 'order_value_bands',
        'orders', 'prediction_calibration', 'prediction_confusion', 'product_categories',
        'products', 'rejected_transactions', 'sales_by_category', 'sales_by_country',
        'sales_by_hour', 'sales_by_month', 'sales_by_weekday', 'sales_by_weekday_and_hour',
        'segment_changes', 'segment_drift', 'segment_history', 'segment_rules',
        'segment_transitions', 'segments', 'top_products',
    ]) }}
{%- endmacro %}


{#-
    The marts of the live publication: those of customers and segments that a refresh updates. Not
    the history and what has a row per order or line, which would take longer to write than to
    compute.
-#}
{% macro live_marts() -%}
    {{ return([
        'audiences', 'customer_alerts', 'customers', 'segment_changes', 'segment_drift',
        'segment_transitions', 'segments',
    ]) }}
{%- endmacro %}


{#-
    Those whose own tests a refresh runs. The others are aggregates and views of the history, whose
    new rows it tests (`int_segment_moves`).
-#}
{% macro live_marts_tested_in_refresh() -%}
    {{ return(['audiences', 'customer_alerts', 'customers', 'segments']) }}
{%- endmacro %}


{#-
    Makes a model wait for every one of these marts and its tests. A hook calls it, because a Python
    model can only name its parents one by one; dbt collects what a hook refers to as parents of its
    model.
-#}
{% macro wait_for_marts(names) -%}
    {%- for name in names -%}
        {%- do ref(name) -%}
    {%- endfor -%}
{%- endmacro %}
