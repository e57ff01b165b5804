{#-
    SQL: a trimmed text as a number of the given decimal type, null where it is none.
    `decimal_separator` is SQL. Currency signs and blanks are left out; a thousands separator counts
    only where it groups by threes: '1,5' is not 15.
-#}
{% macro parse_number(text, type, decimal_separator) -%}
    case {{ decimal_separator }}
            when ',' then {{ parse_number_as(text, type, ',') }}
            else {{ parse_number_as(text, type, '.') }}
        end
{%- endmacro %}


{% macro parse_number_as(text, type, decimal_separator) -%}
    {%- set grouping = ',' if decimal_separator == '.' else '.' -%}
    {%- set bare = "regexp_replace(" ~ text ~ ", '[£$€\\s\\x{00A0}\\x{202F}]', '', 'g')" -%}
    {%- set decorated -%}
        try_cast(
            case
                when not contains({{ bare }}, '{{ grouping }}') or regexp_full_match(
                    {{ bare }},
                    '[+-]?[0-9]{1,3}([{{ grouping }}][0-9]{3})+([{{ decimal_separator }}][0-9]*)?'
                )
                    then replace(
                        replace({{ bare }}, '{{ grouping }}', ''), '{{ decimal_separator }}', '.'
                    )
            end as {{ type }}
        )
    {%- endset -%}
    {#-
        With a decimal point nearly every text is a plain number: the expensive way is for the rest.
    -#}
    {%- set plain = 'try_cast(' ~ text ~ ' as ' ~ type ~ ')' -%}
    {%- set plain_or_decorated = 'coalesce(' ~ plain ~ ', ' ~ decorated ~ ')' -%}
    {{ return(plain_or_decorated if decimal_separator == '.' else decorated) }}
{%- endmacro %}
