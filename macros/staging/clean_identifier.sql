{#-
    SQL: an identifier without blanks around it and without the '.0' that spreadsheets add to whole
    numbers; null if empty.
-#}
{% macro clean_identifier(text) -%}
    nullif(
        case
            when
                suffix(trim({{ text }}), '.0')
                and regexp_full_match(trim({{ text }}), '[0-9]+[.]0')
                then regexp_replace(trim({{ text }}), '[.]0$', '')
            else trim({{ text }})
        end, ''
    )
{%- endmacro %}
