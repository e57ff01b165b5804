{#-
    SQL: the active version where its backtest is still to be evaluated: in the build that fits it,
    or in the next one if that build was cut off. The evaluations of classification are stored last.
-#}
{% macro pending_backtests() -%}
    select
        model_version,
        baseline_date
    from {{ ref('model_versions') }}
    where
        is_active
        and {{ lacks_version('model_version', 'prediction', 'classification_evaluations') }}
{%- endmacro %}
