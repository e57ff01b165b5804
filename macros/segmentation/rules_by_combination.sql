{#-
    SQL: the CTEs `combinations` and `rules_by_combination`: the rules (an expression for a from clause) that customers of each
    combination of the `keys` could fall under, which are days, orders and, where several versions are asked for, `rules_version`.
    Days and orders come in few combinations, so the rules are looked up once for each of them, and money decides between those
    that are left: a range join of all customers with all rules would take ten times as long. Materialized, as the engine would
    else make that very join of it.
-#}
{% macro rules_by_combination(customers, rules, keys=['recency_days', 'frequency']) -%}
combinations as (

    select distinct
        {{ keys | join(',\n        ') }}
    from {{ customers }}
    where frequency > 0

),

rules_by_combination as materialized (

    select
        {% for key in keys %}
        combinations.{{ key }},
        {% endfor %}
        rules.segmentation,
        rules.segment,
        rules.rule_number,
        rules.confidence,
        rules.monetary_from,
        rules.monetary_below
    from combinations
    inner join {{ rules }} as rules
        on
            {% if 'rules_version' in keys %}
            combinations.rules_version = rules.rules_version
            and {% endif -%}
            {{ is_in_box('combinations', 'rules', ['recency_days', 'frequency']) | indent(12) }}

)
{%- endmacro %}
