{%- set stored = existing_relation('products', 'product_category_versions') %}
{% if stored %}
select
    before.product_id,
    before.description,
    before.model_version,
    before.category,
    before.learned_group,
    before.price,
    before.is_fitted
from {{ stored }} as before
inner join {{ ref('int_active_version') }} as version_in_use
    on before.model_version = version_in_use.model_version
{% else %}
-- The first build of a warehouse knows none.
select
    '' as product_id,
    '' as description,
    model_version,
    0 as category,
    0 as learned_group,
    cast(0 as double) as price,
    false as is_fitted
from {{ ref('int_active_version') }}
where false
{% endif %}
