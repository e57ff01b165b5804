{#-
    SQL: the CTEs `combinations` and `rules_by_combination`: the rules (an expression for a from
    clause) that customers of each combination of the `keys` could fall under, which are days,
    orders and, where several versions are asked for, `model_version`. Days and orders have few
    combinations, so the rules are looked up once for each of them, and money decides between those
    that are left: a range join of all customers with all rules would take ten times as long.
    Materialized, as the engine would else make that very join of it.
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
        rules.monetary_min,
        rules.monetary_max
    from combinations
    inner join {{ rules }} as rules
        on
            {% if 'model_version' in keys %}
            combinations.model_version = rules.model_version
            and {% endif -%}
            {{ in_bounds('combinations', 'rules', ['recency_days', 'frequency']) | indent(12) }}

)
{%- endmacro %}
