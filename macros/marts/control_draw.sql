{#-
    SQL: a number from 0 up to 1 that draws the control group: by a hash of customer and campaign,
    so that it is the same in every build, and another one in each campaign.
-#}
{% macro control_draw(campaign, customer_id) -%}
cast(
    concat(
        '0x',
        left(
            md5(concat_ws('|', {{ sql_text(setting('control_salt')) }}, {{ campaign }},
                {{ customer_id }}
            )),
            8
        )
    ) as bigint
) / 4294967296.0
{%- endmacro %}
