{#-
    SQL: the lower end of the one-sided 95 % interval of a share of `sample_count` (Wilson 1927). It
    stays below 1 where all were right, which a bootstrap of few does not.
-#}
{% macro wilson_lower_bound(proportion, sample_count) -%}
{%- set z = 1.6448536269514722 -%}
(
    {{ proportion }} + {{ z * z / 2 }} / {{ sample_count }}
    - {{ z }} * sqrt(
        {{ proportion }} * (1 - {{ proportion }}) / {{ sample_count }}
        + {{ z * z / 4 }} / ({{ sample_count }} * {{ sample_count }})
    )
) / (1 + {{ z * z }} / {{ sample_count }})
{%- endmacro %}
