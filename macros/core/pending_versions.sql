{#-
    SQL: the version in use, with its baseline date, where an incremental table of versions holds no
    row of it yet.
-#}
{% macro pending_versions() -%}
    select
        model_version,
        baseline_date
    from {{ ref('model_versions') }}
    where
        is_active
        {%- if is_incremental() %}
        and model_version not in (select stored.model_version from {{ this }} as stored)
        {%- endif %}
{%- endmacro %}
