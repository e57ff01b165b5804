{%- set coordinates = ['x01', 'x02', 'x03', 'x04', 'x05', 'x06', 'x07', 'x08', 'x09', 'x10', 'x11', 'x12'] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with chosen as (

    select *
    from {{ ref('int_chosen_categories') }}
    where prediction_run = 'live'

),

learned as (

    select
        chosen.product_id,
        due.model_version,
        chosen.category,
        chosen.learned_group,
        texts.known_words,
        chosen.similarity,
        texts.price,
        {% for coordinate in coordinates %}
        texts.{{ coordinate }},
        {% endfor %}
        texts.is_fitted
    from chosen
    cross join {{ ref('int_pending_fits') }} as due
    inner join {{ ref('product_embeddings') }} as texts
        on
            chosen.prediction_run = texts.prediction_run
            and chosen.product_id = texts.product_id
    {{ skip_existing_version('due') | indent(4) }}

),

-- Products that came since the categories were learned: once placed, they stay where they are.
placed as (

    select
        products.product_id,
        version_in_use.model_version,
        products.category,
        -1 as learned_group,
        products.known_words,
        products.similarity,
        products.price,
        {% for coordinate in coordinates %}
        products.{{ coordinate }},
        {% endfor %}
        false as is_fitted
    from {{ ref('new_product_categories') }} as products
    cross join {{ ref('int_active_version') }} as version_in_use
    {% if is_incremental() %}
    left join {{ this }} as stored
        on
            version_in_use.model_version = stored.model_version
            and products.product_id = stored.product_id
    where stored.product_id is null
    {% endif %}

),

due as (

    select * from learned

    union all

    select * from placed

)

select
    due.product_id,
    catalogue.description,
    due.model_version,
    due.category,
    due.learned_group,
    due.known_words,
    due.similarity,
    due.price,
    {% for coordinate in coordinates %}
    due.{{ coordinate }},
    {% endfor %}
    due.is_fitted,
    catalogue.first_sold_date
from due
inner join {{ ref('int_catalogue') }} as catalogue
    on
        due.product_id = catalogue.product_id
        and catalogue.prediction_run = 'live'
