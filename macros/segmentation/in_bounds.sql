{#-
    SQL: whether a customer is within a rule's bounds: lower bounds are inclusive, upper bounds
    exclusive, and a missing bound bounds nothing. `measures` names the measures to look at.
-#}
{% macro in_bounds(customers, rules, measures=['recency_days', 'frequency', 'monetary']) -%}
    {%- for measure in measures -%}
        {%- set bound = rules ~ '.' ~ (measure | replace('_days', '')) -%}
        {%- set value = customers ~ '.' ~ measure -%}
        {{ 'and ' if not loop.first }}{{ value }} >= coalesce({{ bound }}_min, -1e15)
        and {{ value }} < coalesce({{ bound }}_max, 1e15)
        {{- '\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
