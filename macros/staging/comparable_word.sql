{#-
    SQL: a word as seeds list it: in lower case, with one blank for whatever separates its parts;
    null if empty. 'PENDING_PAYMENT' and 'Pending payment' are one. Most inputs have no such words,
    and an engine may work through null as through any text.
-#}
{% macro comparable_word(text) -%}
    case
        when {{ text }} is not null
            then nullif(trim(regexp_replace(lower({{ text }}), '[\s\p{P}\p{S}]+', ' ', 'g')), '')
    end
{%- endmacro %}
