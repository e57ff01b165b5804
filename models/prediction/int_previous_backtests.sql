{%- set stored = existing_relation('prediction', 'prediction_evaluation_versions') %}
{% if stored %}
select distinct model_version
from {{ stored }}
{% else %}
-- The first build of a warehouse knows none.
select 0 as model_version
where false
{% endif %}
