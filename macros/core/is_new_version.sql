{#- SQL: whether an incremental table of versions holds no row of this one yet. -#}
{% macro is_new_version() -%}
    {%- if is_incremental() -%}
        model_version not in (select stored.model_version from {{ this }} as stored)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
