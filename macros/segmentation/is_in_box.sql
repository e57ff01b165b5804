{#-
    SQL: whether a customer is in a rule's box, which holds its lower bounds and not its upper ones; a missing bound bounds
    nothing. `measures` names the sides to look at.
-#}
{% macro is_in_box(customers, rules, measures=['recency_days', 'frequency', 'monetary']) -%}
    {%- for measure in measures -%}
        {%- set bound = rules ~ '.' ~ (measure | replace('_days', '')) -%}
        {{ 'and ' if not loop.first }}{{ customers }}.{{ measure }} >= coalesce({{ bound }}_from, -1e15)
        and {{ customers }}.{{ measure }} < coalesce({{ bound }}_below, 1e15)
        {{- '\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
