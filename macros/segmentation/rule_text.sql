{#- SQL: an amount of money with thousands told apart, without pennies where there are none. -#}
{% macro money_words(amount) -%}
    regexp_replace(format('{:,.2f}', cast({{ amount }} as double)), '[.]00$', '')
{%- endmacro %}


{#- SQL: a number of days. -#}
{% macro days_words(days) -%}
    concat({{ days }}, case when {{ days }} = 1 then ' day' else ' days' end)
{%- endmacro %}


{#- SQL: a rule's bounds as a marketer would say them. Lower bounds are in the box, upper bounds are just outside. -#}
{% macro rule_text(rules) -%}
    concat(
        coalesce(nullif(concat_ws(
            ', ',
            case
                when {{ rules }}.recency_min is null and {{ rules }}.recency_max is null then null
                when {{ rules }}.recency_min is null and {{ rules }}.recency_max = 1 then 'last order today'
                when {{ rules }}.recency_min is null then concat('last order within ', {{ days_words(rules ~ '.recency_max - 1') }})
                when {{ rules }}.recency_max is null then concat('last order ', {{ days_words(rules ~ '.recency_min') }}, ' ago or longer')
                when {{ rules }}.recency_max - {{ rules }}.recency_min = 1
                    then concat('last order ', {{ days_words(rules ~ '.recency_min') }}, ' ago')
                else format('last order {} to {} days ago', {{ rules }}.recency_min, {{ rules }}.recency_max - 1)
            end,
            case
                when {{ rules }}.frequency_min is null and {{ rules }}.frequency_max is null then null
                when {{ rules }}.frequency_min is null and {{ rules }}.frequency_max = 2 then '1 order'
                when {{ rules }}.frequency_min is null then format('at most {} orders', {{ rules }}.frequency_max - 1)
                when {{ rules }}.frequency_max is null then format('at least {} orders', {{ rules }}.frequency_min)
                when {{ rules }}.frequency_max - {{ rules }}.frequency_min = 1 then format('{} orders', {{ rules }}.frequency_min)
                else format('{} to {} orders', {{ rules }}.frequency_min, {{ rules }}.frequency_max - 1)
            end,
            case
                when {{ rules }}.monetary_min is null and {{ rules }}.monetary_max is null then null
                when {{ rules }}.monetary_min is null then format('under {} spent', {{ money_words(rules ~ '.monetary_max') }})
                when {{ rules }}.monetary_max is null then format('{} or more spent', {{ money_words(rules ~ '.monetary_min') }})
                else format(
                    '{} to under {} spent',
                    {{ money_words(rules ~ '.monetary_min') }},
                    {{ money_words(rules ~ '.monetary_max') }}
                )
            end
        ), ''), 'any customer'),
        ' → ',
        {{ rules }}.segment
    )
{%- endmacro %}
