{#- SQL: leaves out the version that is stored already: what was said with it is never rewritten, whatever is run again. -#}
{% macro skip_existing_version(due) -%}
    {% if is_incremental() -%}
        where {{ due }}.model_version not in (select stored.model_version from {{ this }} as stored)
    {%- endif %}
{%- endmacro %}
