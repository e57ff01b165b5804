{#- SQL: an amount of money with thousands told apart, without pennies where there are none. -#}
{% macro money_words(amount) -%}
    regexp_replace(format('{:,.2f}', cast({{ amount }} as double)), '[.]00$', '')
{%- endmacro %}


{#- SQL: a number of days. -#}
{% macro days_words(days) -%}
    concat({{ days }}, case when {{ days }} = 1 then ' day' else ' days' end)
{%- endmacro %}


{#- SQL: a rule's bounds as a marketer would say them. Lower bounds are in the box, upper bounds are just outside. -#}
{% macro rule_sentence(rules) -%}
    concat(
        coalesce(nullif(concat_ws(
            ', ',
            case
                when {{ rules }}.recency_from is null and {{ rules }}.recency_below is null then null
                when {{ rules }}.recency_from is null and {{ rules }}.recency_below = 1 then 'last order today'
                when {{ rules }}.recency_from is null then concat('last order within ', {{ days_words(rules ~ '.recency_below - 1') }})
                when {{ rules }}.recency_below is null then concat('last order ', {{ days_words(rules ~ '.recency_from') }}, ' ago or longer')
                when {{ rules }}.recency_below - {{ rules }}.recency_from = 1
                    then concat('last order ', {{ days_words(rules ~ '.recency_from') }}, ' ago')
                else format('last order {} to {} days ago', {{ rules }}.recency_from, {{ rules }}.recency_below - 1)
            end,
            case
                when {{ rules }}.frequency_from is null and {{ rules }}.frequency_below is null then null
                when {{ rules }}.frequency_from is null and {{ rules }}.frequency_below = 2 then '1 order'
                when {{ rules }}.frequency_from is null then format('at most {} orders', {{ rules }}.frequency_below - 1)
                when {{ rules }}.frequency_below is null then format('at least {} orders', {{ rules }}.frequency_from)
                when {{ rules }}.frequency_below - {{ rules }}.frequency_from = 1 then format('{} orders', {{ rules }}.frequency_from)
                else format('{} to {} orders', {{ rules }}.frequency_from, {{ rules }}.frequency_below - 1)
            end,
            case
                when {{ rules }}.monetary_from is null and {{ rules }}.monetary_below is null then null
                when {{ rules }}.monetary_from is null then format('under {} spent', {{ money_words(rules ~ '.monetary_below') }})
                when {{ rules }}.monetary_below is null then format('{} or more spent', {{ money_words(rules ~ '.monetary_from') }})
                else format(
                    '{} to under {} spent',
                    {{ money_words(rules ~ '.monetary_from') }},
                    {{ money_words(rules ~ '.monetary_below') }}
                )
            end
        ), ''), 'any customer'),
        ' → ',
        {{ rules }}.segment
    )
{%- endmacro %}
