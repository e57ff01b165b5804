{#-
    Figures of the normal, Student's and the chi-squared distribution, which SQL lacks, by formulas
    of known error. tests/marts/test_campaigns.py compares them with SciPy's.
-#}

{#- The value that a standard normal variable exceeds with a probability of 2.5, 5 and 20 %. -#}
{% macro normal_quantile(probability) -%}
    {{ return({
        '0.975': 1.959963984540054, '0.95': 1.6448536269514722, '0.8': 0.8416212335729143
    }[probability]) }}
{%- endmacro %}


{#-
    SQL: the value that chi-squared exceeds with a probability of 5 % (Wilson and Hilferty 1931).
    From two degrees of freedom on it is off by less than 1 %.
-#}
{% macro chi_squared_quantile(degrees_of_freedom) -%}
    {%- set variance = '2 / (9 * ' ~ degrees_of_freedom ~ ')' -%}
    {{ degrees_of_freedom }}
    * pow(1 - {{ variance }} + {{ normal_quantile('0.95') }} * sqrt({{ variance }}), 3)
{%- endmacro %}


{#-
    SQL: the value that Student's t exceeds with a probability of 2.5 %: the normal one, and what a
    finite number of degrees of freedom adds (Abramowitz and Stegun 1964, 26.7.5). From 20 degrees
    on it is exact to six digits; fewer than 30 customers get no interval.
-#}
{% macro student_t_quantile(degrees_of_freedom) -%}
    {%- set z = normal_quantile('0.975') -%}
    (
        {{ z }}
        + {{ (z ** 3 + z) / 4 }} / {{ degrees_of_freedom }}
        + {{ (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96 }} / pow({{ degrees_of_freedom }}, 2)
        + {{ (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384 }}
        / pow({{ degrees_of_freedom }}, 3)
        + {{
            (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160
        }} / pow({{ degrees_of_freedom }}, 4)
    )
{%- endmacro %}


{#-
    SQL: the standard normal value that is as improbable as `t` is of Student's distribution (Hill
    1970, algorithm 395), in two steps: the first is the argument `spread` of the second.
-#}
{% macro student_t_spread(t, degrees_of_freedom) -%}
    ({{ degrees_of_freedom }} - 0.5)
    * ln(1 + {{ t }} * {{ t }} / {{ degrees_of_freedom }})
{%- endmacro %}
{% macro student_t_as_normal(spread, degrees_of_freedom) -%}
    {%- set b = '(48 * pow(' ~ degrees_of_freedom ~ ' - 0.5, 2))' -%}
    (
        (
            (((-0.4 * {{ spread }} - 3.3) * {{ spread }} - 24) * {{ spread }} - 85.5)
            / (0.8 * {{ spread }} * {{ spread }} + 100 + {{ b }})
            + {{ spread }} + 3
        ) / {{ b }} + 1
    ) * sqrt({{ spread }})
{%- endmacro %}


{#-
    SQL: how probable a standard normal value at least as far from 0 as `z` (0 or more) is
    (Abramowitz and Stegun 1964, 26.2.17; off by less than 0.00000015).
-#}
{% macro normal_p_value(z) -%}
    {%- set t = '(1 / (1 + 0.2316419 * ' ~ z ~ '))' -%}
    2 * exp(-{{ z }} * {{ z }} / 2) * 0.3989422804014327 * {{ t }} * (
        0.319381530 + {{ t }} * (
            -0.356563782 + {{ t }} * (
                1.781477937 + {{ t }} * (-1.821255978 + {{ t }} * 1.330274429)
            )
        )
    )
{%- endmacro %}


{#- SQL: an end of the 95 % interval of a share (Wilson 1927); `sign` is - or +. -#}
{% macro wilson_bound(share, count, sign) -%}
    {%- set z = normal_quantile('0.975') -%}
    (
        {{ share }} + {{ z * z / 2 }} / {{ count }}
        {{ sign }} {{ z }} * sqrt(
            {{ share }} * (1 - {{ share }}) / {{ count }}
            + {{ z * z / 4 }} / ({{ count }} * {{ count }})
        )
    ) / (1 + {{ z * z }} / {{ count }})
{%- endmacro %}
