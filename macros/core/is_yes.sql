{#- SQL: whether a text says yes; null where it says neither yes nor no. -#}
{% macro is_yes(text) -%}
    case
        when lower({{ text }}) in ('y', 'yes', 'true', 't', '1', 'ja', 'oui', 'si', 'sí', 'да')
            then true
        when lower({{ text }}) in ('n', 'no', 'false', 'f', '0', 'nein', 'non', 'нет')
            then false
    end
{%- endmacro %}
