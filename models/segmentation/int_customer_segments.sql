with customers as (

    select * from {{ ref('int_customer_facts') }}
    where
        is_current
        and frequency > 0

),

-- Nothing but the rules decides: the same for ten customers and for ten million, at any date and on any engine.
{{ rules_by_combination('customers', ref('int_active_rules')) }},

segmented as (

    select
        customers.as_of_date,
        customers.customer_id,
        rules.segmentation,
        rules.segment,
        rules.rule_number,
        rules.confidence
    from customers
    inner join rules_by_combination as rules
        on
            customers.recency_days = rules.recency_days
            and customers.frequency = rules.frequency
            and {{ in_bounds('customers', 'rules', ['monetary']) | indent(12) }}

)

select
    broad.as_of_date,
    broad.customer_id,
    broad.segment as broad_segment,
    detailed.segment as detailed_segment,
    broad.rule_number as broad_rule,
    detailed.rule_number as detailed_rule,
    broad.confidence as broad_confidence,
    detailed.confidence as detailed_confidence
from segmented as broad
inner join segmented as detailed
    on broad.customer_id = detailed.customer_id
where
    broad.segmentation = 'broad'
    and detailed.segmentation = 'detailed'
