{#-
    SQL: an identifier as it identifies: without blanks around it and signs that nobody sees,
    without what spreadsheets add ('.0' to whole numbers, ="…" or quotes around texts, an apostrophe
    before numbers), e-mail addresses in lower case; null if empty.
-#}
{% macro clean_identifier(text) -%}
    {{ return(bare_identifier(clean_text(text))) }}
{%- endmacro %}


{#- SQL: the same of a text that has no blanks around it any more. -#}
{% macro bare_identifier(bare) -%}
    nullif(
        case
            when starts_with({{ bare }}, '="')
                then regexp_replace({{ bare }}, '^="(.*)"$', '\1')
            when starts_with({{ bare }}, '"')
                then regexp_replace({{ bare }}, '^"([^"]*)"$', '\1')
            when starts_with({{ bare }}, '''')
                then regexp_replace({{ bare }}, '^''([^''\s]*[0-9][^''\s]*)$', '\1')
            when suffix({{ bare }}, '0') and contains({{ bare }}, '.')
                then regexp_replace({{ bare }}, '^([0-9]+)[.]0+$', '\1')
            when contains({{ bare }}, '@')
                then lower({{ bare }})
            else {{ bare }}
        end, ''
    )
{%- endmacro %}


{#- SQL: a text without blanks of any kind around it and without signs that nobody sees. -#}
{% macro clean_text(text) -%}
    {#-
        Nearly all texts are plain ASCII, as many bytes as signs, and begin and end with a sign that
        people see: the first of these is '!'. The pattern costs several times as much.
    -#}
    case
        when
            strlen({{ text }}) = length({{ text }})
            and {{ text }} >= '!' and substr({{ text }}, -1) > ' '
            then {{ text }}
        else regexp_replace({{ text }}, '^[\s\pZ\p{Cf}]+|[\s\pZ\p{Cf}]+$', '', 'g')
    end
{%- endmacro %}


{#-
    SQL: a cleaned text, null where it is a word for "missing" in the column. The CTE
    `missing_values` lists them, `ingest_plan.longest_word` is the length of the longest: most texts
    are longer. What spreadsheets add to 0 or NULL is no value either.
-#}
{% macro unless_missing(cleaned, column) -%}
    case
        when case
            when length({{ cleaned }}) <= ingest_plan.longest_word then lower({{ cleaned }})
        end in (
            select missing_values.word
            from missing_values
            where missing_values.column_name in ('any', '{{ column }}')
        ) then null
        else {{ cleaned }}
    end
{%- endmacro %}
