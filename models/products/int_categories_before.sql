{%- set stored = stored_table('products', 'product_category_versions') %}
{% if stored %}
select
    before.product_id,
    before.description,
    before.rules_version,
    before.category,
    before.learned_group,
    before.price,
    before.is_fitted
from {{ stored }} as before
inner join {{ ref('int_score_version_in_use') }} as version_in_use
    on before.rules_version = version_in_use.score_version
{% else %}
-- The first build of a warehouse knows none.
select
    '' as product_id,
    '' as description,
    score_version as rules_version,
    0 as category,
    0 as learned_group,
    cast(0 as double) as price,
    false as is_fitted
from {{ ref('int_score_version_in_use') }}
where false
{% endif %}
