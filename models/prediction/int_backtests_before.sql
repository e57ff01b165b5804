{%- set stored = stored_prediction_evaluations() %}
{% if stored %}
select distinct rules_version
from {{ stored }}
{% else %}
-- The first build of a warehouse knows none.
select 0 as rules_version
where false
{% endif %}
