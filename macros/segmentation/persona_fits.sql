{#-
    SQL: whether what a persona's name says is true of a cluster's medians: lower bounds are
    inclusive, upper bounds exclusive, and a missing bound bounds nothing. `meets_conditions` in
    `shop_toolkit.personas` is the same.
-#}
{% macro persona_fits(profiles, personas) -%}
    {%- for condition, measure in [
        ('orders', 'median_frequency'),
        ('absence', 'absence_gaps'),
        ('tenure', 'tenure_gaps'),
        ('spend', 'spend_ratio'),
    ] -%}
        {%- set bound = personas ~ '.' ~ condition -%}
        {%- set value = profiles ~ '.' ~ measure -%}
        {{ 'and ' if not loop.first }}({{ bound }}_min is null or {{ value }} >= {{ bound }}_min)
        and ({{ bound }}_max is null or {{ value }} < {{ bound }}_max)
        {{- '\n' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
