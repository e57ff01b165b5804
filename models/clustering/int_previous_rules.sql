{%- set stored = existing_relation(target.schema, 'segment_rules') %}
{% if stored %}
select
    segmentation,
    segment,
    model_version,
    recency_min,
    recency_max,
    frequency_min,
    frequency_max,
    monetary_min,
    monetary_max
from {{ stored }}
{% else %}
-- The first build of a warehouse knows none.
select
    '' as segmentation,
    '' as segment,
    0 as model_version,
    0 as recency_min,
    0 as recency_max,
    cast(0 as bigint) as frequency_min,
    cast(0 as bigint) as frequency_max,
    cast(0 as decimal(18, 2)) as monetary_min,
    cast(0 as decimal(18, 2)) as monetary_max
where false
{% endif %}
