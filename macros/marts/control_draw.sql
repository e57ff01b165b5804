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


{#-
    SQL: whether who has this rank in a list by its draws, from 1 on, is held out: as many as the
    share of the list, rounded to whole customers, halves up. In decimals, which are the same on
    each engine.
-#}
{% macro is_held_out(draw_rank, control_share, customer_count) -%}
({{ draw_rank }} - 0.5 <= cast({{ control_share }} as decimal(10, 9)) * {{ customer_count }})
{%- endmacro %}
