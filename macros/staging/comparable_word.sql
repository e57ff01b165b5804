{#-
    SQL: a word as seeds list it: in lower case, with one blank for whatever separates its parts;
    null if empty. 'PENDING_PAYMENT' and 'Pending payment' are one.
-#}
{% macro comparable_word(text) -%}
    nullif(trim(regexp_replace(lower({{ text }}), '[\s\p{P}\p{S}]+', ' ', 'g')), '')
{%- endmacro %}
