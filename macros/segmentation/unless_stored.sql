{#- SQL: leaves out the version that is stored already: what was said with it is never rewritten, whatever is run again. -#}
{% macro unless_stored(due) -%}
    {% if is_incremental() -%}
        where {{ due }}.rules_version not in (select stored.rules_version from {{ this }} as stored)
    {%- endif %}
{%- endmacro %}
