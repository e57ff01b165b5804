with customers as (

    select * from {{ ref('int_facts_as_of') }}
    where frequency > 0

),

{% for segmentation in ['broad', 'detailed'] %}
{{ segmentation }}_rules as (

    select * from {{ ref('int_rules_in_use') }}
    where segmentation = '{{ segmentation }}'

),

{% endfor %}
-- A range join, and nothing but the rules: the same for ten customers and for ten million, at any date and on any engine.
segmented as (

    select
        customers.as_of_date,
        customers.customer_id,
        broad_rules.segment as broad_segment,
        detailed_rules.segment as detailed_segment,
        broad_rules.rule_number as broad_rule,
        detailed_rules.rule_number as detailed_rule,
        broad_rules.confidence as broad_confidence,
        detailed_rules.confidence as detailed_confidence
    from customers
    inner join broad_rules
        on {{ is_in_box('customers', 'broad_rules') | indent(12) }}
    inner join detailed_rules
        on {{ is_in_box('customers', 'detailed_rules') | indent(12) }}

)

select * from segmented
