{#- SQL: how many of a measure's four cut-points a customer's value exceeds. -#}
{% macro cut_points_passed(measure) -%}
    (
        {%- for cut_number in range(1, 5) %}
            cast(
                customers.{{ measure }} > cut_points.{{ measure }}_{{ cut_number }} as integer
            ){{ ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
