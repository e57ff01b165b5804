{#-
    SQL: leaves out a version that is stored already: what was computed with it is never rewritten,
    whatever runs again.
-#}
{% macro skip_existing_version(due) -%}
    {% if is_incremental() -%}
        where {{ due }}.model_version not in (select stored.model_version from {{ this }} as stored)
    {%- endif %}
{%- endmacro %}
