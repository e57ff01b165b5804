{#- SQL: an amount of money with commas between thousands, without pennies where there are none. -#}
{% macro money_words(amount) -%}
    regexp_replace(format('{:,.2f}', cast({{ amount }} as double)), '[.]00$', '')
{%- endmacro %}


{#- SQL: a number of days. -#}
{% macro days_words(days) -%}
    concat({{ days }}, case when {{ days }} = 1 then ' day' else ' days' end)
{%- endmacro %}


{#- SQL: how long ago something was, in days as people say them: half a day is not today. -#}
{% macro days_ago_words(days) -%}
    {%- set whole_days = "format('{:.0f}', case when " ~ days ~ ' < 1 then ceil(' ~ days ~ ') else '
        ~ days ~ ' end)' -%}
    case when {{ days }} = 0 then 'today' else concat({{ days_words(whole_days) }}, ' ago') end
{%- endmacro %}


{#-
    SQL: a rule's bounds in a marketer's words. Lower bounds are inclusive, upper bounds
    exclusive.
-#}
{% macro rule_text(rules) -%}
    {%- set recency_min, recency_max = rules ~ '.recency_min', rules ~ '.recency_max' -%}
    {%- set frequency_min, frequency_max = rules ~ '.frequency_min', rules ~ '.frequency_max' -%}
    {%- set monetary_min, monetary_max = rules ~ '.monetary_min', rules ~ '.monetary_max' -%}
    concat(
        coalesce(nullif(concat_ws(
            ', ',
            case
                when {{ recency_min }} is null and {{ recency_max }} is null then null
                when {{ recency_min }} is null and {{ recency_max }} = 1 then 'last order today'
                when {{ recency_min }} is null
                    then concat('last order within ', {{ days_words(recency_max ~ ' - 1') }})
                when {{ recency_max }} is null
                    then concat('last order ', {{ days_words(recency_min) }}, ' ago or longer')
                when {{ recency_max }} - {{ recency_min }} = 1
                    then concat('last order ', {{ days_words(recency_min) }}, ' ago')
                else format(
                    'last order {} to {} days ago', {{ recency_min }}, {{ recency_max }} - 1
                )
            end,
            case
                when {{ frequency_min }} is null and {{ frequency_max }} is null then null
                when {{ frequency_min }} is null and {{ frequency_max }} = 2 then '1 order'
                when {{ frequency_min }} is null
                    then format('at most {} orders', {{ frequency_max }} - 1)
                when {{ frequency_max }} is null
                    then format('at least {} orders', {{ frequency_min }})
                when {{ frequency_max }} - {{ frequency_min }} = 1
                    then format('{} orders', {{ frequency_min }})
                else format('{} to {} orders', {{ frequency_min }}, {{ frequency_max }} - 1)
            end,
            case
                when {{ monetary_min }} is null and {{ monetary_max }} is null then null
                when {{ monetary_min }} is null
                    then format('under {} spent', {{ money_words(monetary_max) }})
                when {{ monetary_max }} is null
                    then format('{} or more spent', {{ money_words(monetary_min) }})
                else format(
                    '{} to under {} spent',
                    {{ money_words(monetary_min) }},
                    {{ money_words(monetary_max) }}
                )
            end
        ), ''), 'any customer'),
        ' → ',
        {{ rules }}.segment
    )
{%- endmacro %}
