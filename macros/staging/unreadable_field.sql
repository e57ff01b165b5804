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


{#- SQL: a field as it is written, without blanks around it; null if empty. -#}
{% macro written(column) -%}
    nullif(trim({{ as_text(column) }}), '')
{%- endmacro %}


{#- SQL: the same where the input has texts, null where it has values of another type or none. -#}
{% macro written_if_text(column) -%}
    case
        when typeof({{ column }}) = 'VARCHAR' and {{ column }} is not null
            then {{ written(column) }}
    end
{%- endmacro %}
