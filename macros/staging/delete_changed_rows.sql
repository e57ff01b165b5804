{#-
    SQL: takes out of an incremental table what the build tells anew: rows of a `kind` (see `is_changed`; none: no row) that are touched, or all
    where the input or its settings are others.
-#}
{% macro delete_changed_rows(kind=none) -%}
    {%- if is_incremental() -%}
        {%- set last_row = last_ingested_row(kind) -%}
        {%- if last_row is none -%}
            delete from {{ this }}
        {%- elif kind is not none -%}
            delete from {{ this }} where {{ is_changed(kind, last_row) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
