{#-
    SQL: a number of the input as one of the given decimal type, null where it is none. A typed one
    is cast: to write it as a text and read that is what takes time. `text` names the column of its
    text, which is null where it has a type. The engine knows types before it runs a query. Where
    the input lacks the column, an engine that works through null as through any text would take
    longest for what isn't there.
-#}
{% macro typed_number(column, text, type) -%}
    case
        when typeof({{ column }}) = 'VARCHAR' and {{ column }} is not null
            then {{ parse_number(text, type, 'decimal_separator') }}
        -- A binary fraction is the shortest decimal that stands for it: 2.675 is not 2.67.
        when typeof({{ column }}) = 'DOUBLE'
            then try_cast({{ as_text(column) }} as {{ type }})
        else try_cast({{ column }} as {{ type }})
    end
{%- endmacro %}


{#- SQL: the same for date and time. -#}
{% macro typed_timestamp(column, text) -%}
    case
        when typeof({{ column }}) = 'VARCHAR'
            then {{ parse_timestamp(text, 'date_format') }}
        else {{ plausible_timestamp('try_cast(' ~ column ~ ' as timestamp)') }}
    end
{%- endmacro %}
