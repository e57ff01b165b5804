{#-
    SQL: words for a field that is empty or does not parse, null where it did. `kind` is what it
    should have been.
-#}
{% macro unreadable_field(column, text, parsed, kind) -%}
    case
        when {{ parsed }} is not null then null
        when {{ text }} is null then '{{ column }} is empty'
        else concat('{{ column }} ''', left({{ text }}, 40), ''' is not {{ kind }}')
    end
{%- endmacro %}
