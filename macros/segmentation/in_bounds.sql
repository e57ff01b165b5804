{#-
    SQL: whether a customer is in a rule's box, which holds its lower bounds and not its upper ones; a missing bound bounds
    nothing. `measures` names the sides to look at.
-#}
{% macro in_bounds(customers, rules, measures=['recency_days', 'frequency', 'monetary']) -%}
    {%- for measure in measures -%}
        {%- set bound = rules ~ '.' ~ (measure | replace('_days', '')) -%}
        {{ 'and ' if not loop.first }}{{ customers }}.{{ measure }} >= coalesce({{ bound }}_min, -1e15)
        and {{ customers }}.{{ measure }} < coalesce({{ bound }}_max, 1e15)
        {{- '\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
