{#- SQL: whether a customer is in a rule's box, which holds its lower bounds and not its upper ones. A missing bound bounds nothing. -#}
{% macro is_in_box(customers, rules) -%}
    {%- for measure, bound in [('recency_days', 'recency'), ('frequency', 'frequency'), ('monetary', 'monetary')] -%}
        {{ 'and ' if not loop.first }}{{ customers }}.{{ measure }} >= coalesce({{ rules }}.{{ bound }}_from, -1e15)
        and {{ customers }}.{{ measure }} < coalesce({{ rules }}.{{ bound }}_below, 1e15)
        {{- '\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
