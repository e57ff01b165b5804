{%- set stored = stored_table('prediction', 'prediction_evaluation_versions') %}
{% if stored %}
select distinct rules_version
from {{ stored }}
{% else %}
-- The first build of a warehouse knows none.
select 0 as rules_version
where false
{% endif %}
