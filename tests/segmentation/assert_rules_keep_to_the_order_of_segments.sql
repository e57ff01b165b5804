-- With the other features fixed, more days since the last order never lead to a segment of more
-- value, more orders or money never to one of less. A customer within one rule can get into another
-- by doing better where the bounds allow it, as here in each pair. It warns, as the order is a
-- seed: rules that were fitted before it was changed keep to the old one until someone refits.
{{ config(severity='warn') }}

with strategies as (

    {{ strategies_by_segment() | indent(4) }}

),

rules as (

    select
        rules.*,
        strategies.value_order
    from {{ ref('int_segment_rules') }} as rules
    inner join strategies
        on
            rules.segmentation = strategies.segmentation
            and rules.segment = strategies.segment
    where rules.model_version = (
        select max(newest.model_version)
        from {{ ref('int_segment_rules') }} as newest
    )

)

select
    worse.segmentation,
    worse.rule_text as from_rule,
    better.rule_text as to_rule
from rules as worse
inner join rules as better
    on
        worse.segmentation = better.segmentation
        and coalesce(worse.recency_max, 1e15) > coalesce(better.recency_min, -1e15)
        and coalesce(worse.frequency_min, -1e15) < coalesce(better.frequency_max, 1e15)
        and coalesce(worse.monetary_min, -1e15) < coalesce(better.monetary_max, 1e15)
where worse.value_order < better.value_order
