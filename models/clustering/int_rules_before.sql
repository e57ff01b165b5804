{%- set stored = stored_table(target.schema, 'segment_rules') %}
{% if stored %}
select
    segmentation,
    segment,
    rules_version,
    recency_from,
    recency_below,
    frequency_from,
    frequency_below,
    monetary_from,
    monetary_below
from {{ stored }}
{% else %}
-- The first build of a warehouse knows none.
select
    '' as segmentation,
    '' as segment,
    0 as rules_version,
    0 as recency_from,
    0 as recency_below,
    cast(0 as bigint) as frequency_from,
    cast(0 as bigint) as frequency_below,
    cast(0 as decimal(18, 2)) as monetary_from,
    cast(0 as decimal(18, 2)) as monetary_below
where false
{% endif %}
